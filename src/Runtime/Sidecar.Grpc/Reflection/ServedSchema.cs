using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Reflection.V1;

namespace Sidecar.Grpc;

/// <summary>Descriptors of the services that are served and of all that they use, by file and by name. Extensions, which proto3 does not have, are none.</summary>
internal sealed class ServedSchema
{
    private readonly Dictionary<string, FileDescriptor> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FileDescriptor> _symbols = new(StringComparer.Ordinal);
    private readonly ListServiceResponse _services = new();

    /// <param name="services">Served.</param>
    /// <param name="others">Names of services that are served too, and told by name alone.</param>
    public ServedSchema(IReadOnlyList<ServiceDescriptor> services, params IEnumerable<string> others)
    {
        foreach (var service in services)
            Add(service.File);
        _services.Service.Add(services.Select(service => service.FullName).Concat(others).Order(StringComparer.Ordinal).Select(name => new ServiceResponse { Name = name }));
    }

    public ServerReflectionResponse Answer(ServerReflectionRequest request)
    {
        var response = new ServerReflectionResponse { ValidHost = request.Host, OriginalRequest = request };
        switch (request.MessageRequestCase)
        {
            case ServerReflectionRequest.MessageRequestOneofCase.ListServices:
                response.ListServicesResponse = _services;
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.FileByFilename:
                Tell(response, _files, request.FileByFilename);
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.FileContainingSymbol:
                Tell(response, _symbols, request.FileContainingSymbol);
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.AllExtensionNumbersOfType when _symbols.ContainsKey(request.AllExtensionNumbersOfType):
                response.AllExtensionNumbersResponse = new ExtensionNumberResponse { BaseTypeName = request.AllExtensionNumbersOfType };
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.None:
                response.ErrorResponse = new ErrorResponse { ErrorCode = (int)StatusCode.InvalidArgument, ErrorMessage = "the request asks for nothing" };
                break;
            default:
                response.ErrorResponse = NotFound(request.AllExtensionNumbersOfType.Length > 0 ? request.AllExtensionNumbersOfType : "the extension");
                break;
        }

        return response;
    }

    private static void Tell(ServerReflectionResponse response, Dictionary<string, FileDescriptor> known, string name)
    {
        if (!known.TryGetValue(name, out var file))
        {
            response.ErrorResponse = NotFound(name);
            return;
        }

        var told = new HashSet<string>(StringComparer.Ordinal);
        response.FileDescriptorResponse = new FileDescriptorResponse();
        AddWithImports(response.FileDescriptorResponse, file, told);
    }

    // The file that was asked for comes first, as clients expect it.
    private static void AddWithImports(FileDescriptorResponse response, FileDescriptor file, HashSet<string> told)
    {
        if (!told.Add(file.Name))
            return;
        response.FileDescriptorProto.Add(file.SerializedData);
        foreach (var import in file.Dependencies)
            AddWithImports(response, import, told);
    }

    private static ErrorResponse NotFound(string name) => new() { ErrorCode = (int)StatusCode.NotFound, ErrorMessage = $"{name} is not known here" };

    private void Add(FileDescriptor file)
    {
        if (!_files.TryAdd(file.Name, file))
            return;
        foreach (var service in file.Services)
        {
            _symbols[service.FullName] = file;
            foreach (var method in service.Methods)
                _symbols[method.FullName] = file;
        }

        foreach (var message in file.MessageTypes)
            Add(message);
        foreach (var enumeration in file.EnumTypes)
            Add(enumeration);
        foreach (var import in file.Dependencies)
            Add(import);
    }

    private void Add(MessageDescriptor message)
    {
        _symbols[message.FullName] = message.File;
        foreach (var field in message.Fields.InDeclarationOrder())
            _symbols[field.FullName] = message.File;
        foreach (var oneof in message.Oneofs)
            _symbols[oneof.FullName] = message.File;
        foreach (var nested in message.NestedTypes)
            Add(nested);
        foreach (var enumeration in message.EnumTypes)
            Add(enumeration);
    }

    // Values of an enum are siblings of it, as in C++.
    private void Add(EnumDescriptor enumeration)
    {
        _symbols[enumeration.FullName] = enumeration.File;
        foreach (var value in enumeration.Values)
            _symbols[value.FullName] = enumeration.File;
    }
}
