using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Sidecar.Runtime.Invocation;

internal static class InvocationFeature
{
    public static IServiceCollection AddInvocation(this IServiceCollection services) => services.AddSingleton<InvocationEngine>();

    public static void MapInvocation(this IEndpointRouteBuilder routes) => InvocationHttp.MapRoutes(routes);
}
