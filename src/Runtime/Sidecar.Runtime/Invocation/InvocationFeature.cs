using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Invocation.External;
using Sidecar.Runtime.Metadata;
using Sidecar.Runtime.Resiliency;

namespace Sidecar.Runtime.Invocation;

internal static class InvocationFeature
{
    public static IServiceCollection AddInvocation(this IServiceCollection services) => services.AddResiliency()
        .AddSingleton<InvocationEngine>()
        .AddSingleton<GrpcProxy>()
        .AddSingleton<ExternalServices>()
        .AddSingleton<ISidecarFeature>(provider => provider.GetRequiredService<ExternalServices>())
        .AddSingleton<IMetadataContributor>(provider => provider.GetRequiredService<ExternalServices>());

    public static void MapInvocation(this IEndpointRouteBuilder routes) => InvocationHttp.MapRoutes(routes);

    public static void MapInvocationGrpc(this IEndpointRouteBuilder routes) => InvocationGrpc.Map(routes);

    /// <summary>Hands on what is no call of the sidecar's own services.</summary>
    public static IApplicationBuilder UseGrpcProxy(this IApplicationBuilder app) => app.Use(app.ApplicationServices.GetRequiredService<GrpcProxy>().HandleAsync);
}
