using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Sidecar.Grpc;

/// <summary>Answers for methods that nobody mapped.</summary>
public static class GrpcFallback
{
    /// <summary>Answers every request that no endpoint takes: a gRPC call as <see cref="Unimplemented"/> does, any other with 404.</summary>
    public static IEndpointConventionBuilder MapGrpcFallback(this IEndpointRouteBuilder routes) => MapFallback(routes, Unimplemented(routes));

    /// <summary>
    /// Hands every gRPC call that no endpoint takes to the handler, whatever its kind: the client's messages as they come, and
    /// as many answers as the handler writes. <see cref="ServerCall.Method"/> says which method was called. Any other request is
    /// answered with 404.
    /// </summary>
    public static IEndpointConventionBuilder MapGrpcFallback(
        this IEndpointRouteBuilder routes, Func<MessageReader<ReadOnlyMemory<byte>>, MessageWriter<ReadOnlyMemory<byte>>, ServerCall, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(routes);
        var server = routes.ServiceProvider.GetRequiredService<GrpcServer>();
        var method = new AnyMethod(handler);
        return MapFallback(routes, context => server.RunAsync(context, method));
    }

    /// <summary>Answers a call with UNIMPLEMENTED, and says whether its service or only its method is unknown to these routes.</summary>
    public static RequestDelegate Unimplemented(IEndpointRouteBuilder routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        var sources = routes.DataSources;
        return context => AnswerAsync(context, UnknownMethod(context.Request.Path.Value ?? "", sources));
    }

    /// <summary>Answers a call with a status, without a handler.</summary>
    public static Task AnswerAsync(HttpContext context, GrpcStatus status)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(status);
        new ServerResponse(context, MessageEncoding.Identity).End(status);
        return Task.CompletedTask;
    }

    /// <summary>Answers a call as <see cref="Unimplemented"/> does, and any other request with 404.</summary>
    internal static RequestDelegate Unmapped(IEndpointRouteBuilder routes) => OrNotFound(Unimplemented(routes));

    private static IEndpointConventionBuilder MapFallback(IEndpointRouteBuilder routes, RequestDelegate answer) =>
        routes.MapFallback("{*path}", OrNotFound(answer)).WithDisplayName("gRPC fallback");

    private static RequestDelegate OrNotFound(RequestDelegate answer) => context =>
    {
        if (GrpcRequest.IsGrpc(context.Request))
            return answer(context);
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    };

    private static GrpcStatus UnknownMethod(string path, ICollection<EndpointDataSource> sources)
    {
        if (path.Split('/') is not ["", { Length: > 0 } service, { Length: > 0 } method])
            return new GrpcStatus(StatusCode.Unimplemented, $"'{path}' is no gRPC method: that is /service/method");
        var isKnown = sources.SelectMany(source => source.Endpoints).Any(endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()?.Service == service);
        return new GrpcStatus(StatusCode.Unimplemented, isKnown ? $"unknown method {method} for service {service}" : $"unknown service {service}");
    }
}
