using Google.Protobuf;
using Google.Protobuf.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Sidecar.Grpc;

/// <summary>Maps handlers to methods, as endpoints <c>/{service}/{method}</c>. <see cref="GrpcServices.AddGrpcServer"/> comes first.</summary>
public static class GrpcEndpoints
{
    /// <summary>One message each way. A handler fails by <see cref="ServerCall.Fail"/> or by a <see cref="GrpcException"/>.</summary>
    public static IEndpointConventionBuilder MapUnary<TRequest, TResponse>(
        this IEndpointRouteBuilder routes, MethodDescriptor method, Func<TRequest, ServerCall, Task<TResponse>> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => routes.MapUnary(GrpcMethod.Of<TRequest, TResponse>(method), handler);

    /// <inheritdoc cref="MapUnary{TRequest, TResponse}(IEndpointRouteBuilder, MethodDescriptor, Func{TRequest, ServerCall, Task{TResponse}})"/>
    public static IEndpointConventionBuilder MapUnary<TRequest, TResponse>(
        this IEndpointRouteBuilder routes, GrpcMethod<TRequest, TResponse> method, Func<TRequest, ServerCall, Task<TResponse>> handler) =>
        Map(routes, method, GrpcMethodKind.Unary, new UnaryMethod<TRequest, TResponse>(method, handler));

    /// <summary>Many requests, one response.</summary>
    public static IEndpointConventionBuilder MapClientStreaming<TRequest, TResponse>(
        this IEndpointRouteBuilder routes, MethodDescriptor method, Func<MessageReader<TRequest>, ServerCall, Task<TResponse>> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => routes.MapClientStreaming(GrpcMethod.Of<TRequest, TResponse>(method), handler);

    /// <inheritdoc cref="MapClientStreaming{TRequest, TResponse}(IEndpointRouteBuilder, MethodDescriptor, Func{MessageReader{TRequest}, ServerCall, Task{TResponse}})"/>
    public static IEndpointConventionBuilder MapClientStreaming<TRequest, TResponse>(
        this IEndpointRouteBuilder routes, GrpcMethod<TRequest, TResponse> method, Func<MessageReader<TRequest>, ServerCall, Task<TResponse>> handler) =>
        Map(routes, method, GrpcMethodKind.ClientStreaming, new ClientStreamingMethod<TRequest, TResponse>(method, handler));

    /// <summary>One request, many responses.</summary>
    public static IEndpointConventionBuilder MapServerStreaming<TRequest, TResponse>(
        this IEndpointRouteBuilder routes, MethodDescriptor method, Func<TRequest, MessageWriter<TResponse>, ServerCall, Task> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => routes.MapServerStreaming(GrpcMethod.Of<TRequest, TResponse>(method), handler);

    /// <inheritdoc cref="MapServerStreaming{TRequest, TResponse}(IEndpointRouteBuilder, MethodDescriptor, Func{TRequest, MessageWriter{TResponse}, ServerCall, Task})"/>
    public static IEndpointConventionBuilder MapServerStreaming<TRequest, TResponse>(
        this IEndpointRouteBuilder routes, GrpcMethod<TRequest, TResponse> method, Func<TRequest, MessageWriter<TResponse>, ServerCall, Task> handler) =>
        Map(routes, method, GrpcMethodKind.ServerStreaming, new ServerStreamingMethod<TRequest, TResponse>(method, handler));

    /// <summary>Many messages each way, in any order.</summary>
    public static IEndpointConventionBuilder MapDuplex<TRequest, TResponse>(
        this IEndpointRouteBuilder routes, MethodDescriptor method, Func<MessageReader<TRequest>, MessageWriter<TResponse>, ServerCall, Task> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => routes.MapDuplex(GrpcMethod.Of<TRequest, TResponse>(method), handler);

    /// <inheritdoc cref="MapDuplex{TRequest, TResponse}(IEndpointRouteBuilder, MethodDescriptor, Func{MessageReader{TRequest}, MessageWriter{TResponse}, ServerCall, Task})"/>
    public static IEndpointConventionBuilder MapDuplex<TRequest, TResponse>(
        this IEndpointRouteBuilder routes, GrpcMethod<TRequest, TResponse> method, Func<MessageReader<TRequest>, MessageWriter<TResponse>, ServerCall, Task> handler) =>
        Map(routes, method, GrpcMethodKind.Duplex, new DuplexMethod<TRequest, TResponse>(method, handler));

    private static IEndpointConventionBuilder Map<TRequest, TResponse>(
        IEndpointRouteBuilder routes, GrpcMethod<TRequest, TResponse> method, GrpcMethodKind kind, IServerMethod mapped)
    {
        ArgumentNullException.ThrowIfNull(routes);
        method.RequireKind(kind);
        var server = routes.ServiceProvider.GetRequiredService<GrpcServer>();
        var unmapped = GrpcFallback.Unmapped(routes);

        // Routing ignores case and a slash at the end, and a method's name is exact.
        RequestDelegate run = context => method.FullName.Equals(context.Request.Path.Value, StringComparison.Ordinal) ? server.RunAsync(context, mapped) : unmapped(context);
        return routes.Map(method.FullName, run).WithDisplayName($"gRPC {method.FullName}").WithMetadata(new GrpcMethodMetadata(method.Service, method.Name, kind));
    }
}

/// <summary>Endpoint metadata of a mapped method.</summary>
public sealed record GrpcMethodMetadata(string Service, string Name, GrpcMethodKind Kind);
