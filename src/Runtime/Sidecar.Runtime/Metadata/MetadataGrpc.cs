using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Grpc;
using Sidecar.Runtime.Hosting;
using Wire = Sidecar.Protos;

namespace Sidecar.Runtime.Metadata;

/// <summary>
/// The metadata API over gRPC. What the engine tells is by names the JSON form of <c>GetMetadataResponse</c>, deprecated copies
/// included, with one exception (contract 2.17 and 3.2).
/// </summary>
internal static class MetadataGrpc
{
    private const string Rules = "rules";

    private static readonly Empty Done = new();
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));

    public static void MapMethods(IEndpointRouteBuilder routes)
    {
        var engine = routes.ServiceProvider.GetRequiredService<MetadataEngine>();
        routes.MapUnary<Wire.GetMetadataRequest, Wire.GetMetadataResponse>(
            DaprService.Method("GetMetadata"), (_, _) => Task.FromResult(ToMessage(engine.Read())));
        routes.MapUnary<Wire.SetMetadataRequest, Empty>(DaprService.Method("SetMetadata"), (request, _) =>
        {
            engine.Set(request.Key, request.Value);
            return Task.FromResult(Done);
        });
    }

    private static Wire.GetMetadataResponse ToMessage(JsonObject metadata)
    {
        // The list of rules is a message of its own here.
        foreach (var subscription in metadata["subscriptions"]?.AsArray() ?? [])
        {
            if (subscription is JsonObject members && members.Remove(Rules, out var rules))
                members[Rules] = new JsonObject { [Rules] = rules };
        }

        return Parser.Parse<Wire.GetMetadataResponse>(metadata.ToJsonString());
    }
}
