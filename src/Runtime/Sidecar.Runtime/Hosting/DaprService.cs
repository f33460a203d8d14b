using Google.Protobuf.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Sidecar.Grpc;
using Sidecar.Protos;

namespace Sidecar.Runtime.Hosting;

/// <summary>The gRPC service that the slices together are: each maps its own methods of it.</summary>
internal static class DaprService
{
    private static readonly ServiceDescriptor Descriptor = DaprReflection.Descriptor.FindTypeByName<ServiceDescriptor>("Dapr");

    public static string Name => Descriptor.FullName;

    public static IEnumerable<string> MethodNames => Descriptor.Methods.Select(method => method.Name);

    /// <summary>For clients that ask what is served.</summary>
    public static IReadOnlyList<ServiceDescriptor> Described { get; } = [Descriptor];

    /// <summary>Answers the methods that no slice has mapped. Without it they would go the way of services that are unknown here.</summary>
    public static void MapUnimplemented(IEndpointRouteBuilder routes) => routes.Map($"/{Name}/{{method}}", context =>
    {
        var method = context.GetRouteValue("method") as string ?? "";
        return GrpcFallback.AnswerAsync(context, new GrpcStatus(
            StatusCode.Unimplemented,
            Descriptor.FindMethodByName(method) is null ? $"unknown method {method} for service {Name}" : "this API is currently not implemented"));
    });

    /// <exception cref="ArgumentException">The service has no such method.</exception>
    public static MethodDescriptor Method(string name) =>
        Descriptor.FindMethodByName(name) ?? throw new ArgumentException($"{Descriptor.FullName} has no method {name}", nameof(name));
}
