using Google.Protobuf.Reflection;
using Grpc.Reflection.V1;
using Microsoft.AspNetCore.Routing;

namespace Sidecar.Grpc;

/// <summary>Serves <c>grpc.reflection.v1.ServerReflection</c> and its older <c>v1alpha</c>: tools such as grpcurl then need no .proto files.</summary>
public static class GrpcReflection
{
    private const string Method = "ServerReflectionInfo";
    private const string OlderService = "grpc.reflection.v1alpha.ServerReflection";

    private static ServiceDescriptor Own { get; } = ReflectionReflection.Descriptor.FindTypeByName<ServiceDescriptor>("ServerReflection");

    /// <param name="routes">Where it is served.</param>
    /// <param name="services">What it tells of, beside itself.</param>
    public static void MapGrpcReflection(this IEndpointRouteBuilder routes, IEnumerable<ServiceDescriptor> services)
    {
        var schema = new ServedSchema([.. services, Own], OlderService);
        var method = GrpcMethod.Of<ServerReflectionRequest, ServerReflectionResponse>(Own.FindMethodByName(Method));
        routes.MapDuplex(method, (requests, responses, _) => AnswerAsync(schema, requests, responses));
        routes.MapDuplex(
            new GrpcMethod<ServerReflectionRequest, ServerReflectionResponse>(OlderService, Method, method.Kind, method.Requests, method.Responses),
            (requests, responses, _) => AnswerAsync(schema, requests, responses));
    }

    private static async Task AnswerAsync(ServedSchema schema, MessageReader<ServerReflectionRequest> requests, MessageWriter<ServerReflectionResponse> responses)
    {
        await foreach (var request in requests.ReadAllAsync().ConfigureAwait(false))
            await responses.WriteAsync(schema.Answer(request)).ConfigureAwait(false);
    }
}
