using System.Reflection;
using Google.Protobuf.Reflection;

namespace Sidecar.Protos.Tests;

/// <summary>The wire contract that the generated code has, by its descriptors, in the words of <see cref="Wire"/>.</summary>
internal static class Generated
{
    private const string None = "-";

    /// <summary>Every file of the assembly, whether or not a service leads to it.</summary>
    public static IReadOnlyList<FileDescriptor> Files { get; } =
        [.. typeof(DaprReflection).Assembly.GetTypes()
            .Where(type => type.Name.EndsWith("Reflection", StringComparison.Ordinal))
            .Select(type => type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)?.GetValue(null))
            .OfType<FileDescriptor>()];

    public static SortedDictionary<string, string> Described()
    {
        var wire = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in Files)
        {
            foreach (var service in file.Services)
                Add(wire, service);
            foreach (var message in file.MessageTypes)
                Add(wire, message);
            foreach (var type in file.EnumTypes)
                Add(wire, type);
        }

        return wire;
    }

    private static void Add(SortedDictionary<string, string> wire, ServiceDescriptor service)
    {
        wire.Add($"service {service.FullName}", service.File.Name);
        foreach (var rpc in service.Methods)
        {
            var request = Streamed(rpc.IsClientStreaming, rpc.InputType);
            var response = Streamed(rpc.IsServerStreaming, rpc.OutputType);
            wire.Add($"rpc {rpc.FullName}", $"{request} {response} {Deprecated(rpc.GetOptions()?.Deprecated)}");
        }
    }

    private static void Add(SortedDictionary<string, string> wire, MessageDescriptor message)
    {
        // The compiler makes such a message of every map.
        if (message.GetOptions()?.MapEntry == true)
            return;

        wire.Add($"message {message.FullName}", message.File.Name);
        foreach (var field in message.Fields.InDeclarationOrder())
        {
            var oneof = field.RealContainingOneof?.Name ?? None;
            wire.Add(
                $"field {message.FullName}.{field.Name}",
                $"{field.FieldNumber} {Label(field)} {TypeOf(field)} {field.JsonName} {oneof} {Deprecated(field.GetOptions()?.Deprecated)}");
        }

        foreach (var nested in message.NestedTypes)
            Add(wire, nested);
        foreach (var nested in message.EnumTypes)
            Add(wire, nested);
    }

    private static void Add(SortedDictionary<string, string> wire, EnumDescriptor type)
    {
        wire.Add($"enum {type.FullName}", type.File.Name);
        foreach (var value in type.Values)
            wire.Add($"value {type.FullName}.{value.Name}", $"{value.Number}");
    }

    private static string Streamed(bool isStream, MessageDescriptor type) => isStream ? $"stream {type.FullName}" : type.FullName;

    private static string Deprecated(bool? isDeprecated) => isDeprecated == true ? "deprecated" : None;

    private static string Label(FieldDescriptor field) => field switch
    {
        { IsMap: true } => "map",
        { IsRepeated: true } => "repeated",
        _ when field.ToProto().Proto3Optional => "optional",
        _ => "singular",
    };

    private static string TypeOf(FieldDescriptor field) => field switch
    {
        { IsMap: true } => $"map<{TypeOf(field.MessageType.FindFieldByNumber(1))},{TypeOf(field.MessageType.FindFieldByNumber(2))}>",
        { FieldType: FieldType.Message } => field.MessageType.FullName,
        { FieldType: FieldType.Enum } => field.EnumType.FullName,
        _ => field.FieldType.ToString().ToLowerInvariant(),
    };
}
