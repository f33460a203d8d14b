using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Invocation.External;
using Sidecar.Runtime.Metadata;

namespace Sidecar.Runtime.Invocation;

internal static class InvocationFeature
{
    public static IServiceCollection AddInvocation(this IServiceCollection services) => services
        .AddSingleton<InvocationEngine>()
        .AddSingleton<ExternalServices>()
        .AddSingleton<ISidecarFeature>(provider => provider.GetRequiredService<ExternalServices>())
        .AddSingleton<IMetadataContributor>(provider => provider.GetRequiredService<ExternalServices>());

    public static void MapInvocation(this IEndpointRouteBuilder routes) => InvocationHttp.MapRoutes(routes);
}
