using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Sidecar.Grpc;

/// <summary>Answers for methods that nobody mapped.</summary>
public static class GrpcFallback
{
    /// <summary>
    /// Answers every request that no endpoint takes: a gRPC call with UNIMPLEMENTED, which says whether the service or only
    /// the method is unknown, and any other request with 404.
    /// </summary>
    public static IEndpointConventionBuilder MapGrpcFallback(this IEndpointRouteBuilder routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        var sources = routes.DataSources;
        return routes.MapFallback("{*path}", context => AnswerAsync(context, sources)).WithDisplayName("gRPC fallback");
    }

    /// <summary>Answers a gRPC call with a status, without a handler.</summary>
    public static Task AnswerAsync(HttpContext context, GrpcStatus status)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(status);
        new ServerResponse(context, MessageEncoding.Identity).End(status);
        return Task.CompletedTask;
    }

    private static Task AnswerAsync(HttpContext context, ICollection<EndpointDataSource> sources)
    {
        if (GrpcRequest.IsGrpc(context.Request))
            return AnswerAsync(context, new GrpcStatus(StatusCode.Unimplemented, Describe(context.Request.Path.Value ?? "", sources)));
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private static string Describe(string path, ICollection<EndpointDataSource> sources)
    {
        if (path.Split('/') is not ["", { Length: > 0 } service, { Length: > 0 } method])
            return $"'{path}' is no gRPC method: that is /service/method";
        var isKnown = sources.SelectMany(source => source.Endpoints).Any(endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()?.Service == service);
        return isKnown ? $"unknown method {method} for service {service}" : $"unknown service {service}";
    }
}
