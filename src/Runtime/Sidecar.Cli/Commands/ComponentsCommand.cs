using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sidecar.Components;
using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Cli.Commands;

/// <summary><c>dapr components</c>: the kinds and types of components of this runtime, or the fields of one type.</summary>
internal static class ComponentsCommand
{
    public static Command Create()
    {
        var name = new Argument<string?>("type") { Description = "A type such as state.sqlite, or a kind such as state", Arity = ArgumentArity.ZeroOrOne };
        var field = new Argument<string?>("field") { Description = "A metadata field of that type", Arity = ArgumentArity.ZeroOrOne };
        var output = Options.Output("table", "json");
        var command = new Command("components", "List the component types of this runtime, and their fields") { name, field, output };
        command.Add(OfficialOnly.Kubernetes("components"));
        command.SetAction(parsed => Show(ComponentCatalog.Default, parsed.GetValue(name), parsed.GetValue(field), parsed.GetValue(output) == "json"));
        return command;
    }

    private static int Show(ComponentCatalog catalog, string? name, string? field, bool json)
    {
        var types = catalog.Types.Select(WithSidecarFields).OrderBy(type => type.Type, StringComparer.Ordinal).ToArray();
        if (name is not null && types.Where(type => type.Kind.Equals(name, StringComparison.OrdinalIgnoreCase)).ToArray() is { Length: > 0 } ofKind && field is null)
            return List(ofKind, json);
        if (name is null)
            return List(types, json);
        var found = types.Where(type => type.Answers(name, type.Version)).ToArray();
        if (found.Length == 0)
            return Refuse($"this runtime has no component type '{name}' (it has {string.Join(", ", types.Select(type => type.Type).Distinct())}){Spelling.Hint(name, types.SelectMany(Names).Concat(types.Select(type => type.Kind)).Distinct())}");
        if (field is null)
            return Describe(found, json);
        ComponentType[] withField = [.. found.Select(type => type with { Fields = [.. type.Fields.Where(known => Names(known).Contains(field, StringComparer.OrdinalIgnoreCase))] }).Where(type => type.Fields.Count > 0)];
        return withField.Length > 0
            ? Describe(withField, json)
            : Refuse($"{found[0].Type} has no field '{field}' (it has {string.Join(", ", found.SelectMany(type => type.Fields).Select(known => known.Name).Distinct())}){Spelling.Hint(field, found.SelectMany(type => type.Fields).SelectMany(Names).Distinct())}");
    }

    /// <summary>A driver that has such a field of its own describes it better.</summary>
    private static ComponentType WithSidecarFields(ComponentType type) =>
        type with { Fields = [.. type.Fields, .. SidecarFields.Of(type.Kind).Where(field => !type.Fields.Any(own => own.Name.Equals(field.Name, StringComparison.OrdinalIgnoreCase)))] };

    private static int Refuse(string reason)
    {
        Console.Error.WriteLine(reason);
        return 1;
    }

    private static int List(IReadOnlyList<ComponentType> types, bool json)
    {
        if (json)
            return WriteJson(types);
        Table.Write(Console.Out, [["KIND", "TYPE", "VERSION", "ALSO CALLED", "NEEDS"], .. types.Select(type => new[]
        {
            type.Kind, type.Type, type.Version, string.Join(", ", type.Aliases), string.Join(", ", type.Fields.Where(field => field.Required).Select(field => field.Name)),
        })]);
        Console.WriteLine();
        Console.WriteLine("dapr components TYPE shows the fields of a type.");
        return 0;
    }

    private static int Describe(IReadOnlyList<ComponentType> types, bool json)
    {
        if (json)
            return WriteJson(types);
        foreach (var type in types)
        {
            Console.WriteLine($"{type.Type} {type.Version}{(type.Aliases.Count > 0 ? $", also called {string.Join(", ", type.Aliases)}" : "")}{(type.Fields.Count == 0 ? ": no fields" : "")}");
            if (type.Fields.Count > 0)
                Table.Write(Console.Out, [["FIELD", "REQUIRED", "DEFAULT", "DESCRIPTION"], .. type.Fields.Select(Row)]);
        }

        return 0;
    }

    private static string[] Row(ComponentField field) =>
    [
        field.Name, field.Required ? "yes" : "", field.Default ?? "",
        field.Description + (field.Aliases.Count > 0 ? $" Also called {string.Join(", ", field.Aliases)}." : ""),
    ];

    private static IEnumerable<string> Names(ComponentType type) => type.Aliases.Prepend(type.Type);

    private static IEnumerable<string> Names(ComponentField field) => field.Aliases.Prepend(field.Name);

    private static int WriteJson(IReadOnlyList<ComponentType> types)
    {
        ListedType[] listed = [.. types.Select(type => new ListedType(type.Kind, type.Type, type.Version, type.Aliases, type.Fields))];
        Console.WriteLine(JsonSerializer.Serialize(listed, ComponentsJson.Default.ListedTypeArray));
        return 0;
    }
}

/// <summary>A component type, as it is shown in JSON.</summary>
internal sealed record ListedType(string Kind, string Type, string Version, IReadOnlyList<string> Aliases, IReadOnlyList<ComponentField> Fields);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ListedType[]))]
internal sealed partial class ComponentsJson : JsonSerializerContext;
