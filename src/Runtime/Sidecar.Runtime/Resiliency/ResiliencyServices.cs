using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Sidecar.Runtime.Resiliency;

internal static class ResiliencyServices
{
    /// <summary>For every slice that calls an app or a component; the first adds them.</summary>
    public static IServiceCollection AddResiliency(this IServiceCollection services)
    {
        services.TryAddSingleton<PolicyEvents>();
        services.TryAddSingleton<ResiliencyPolicies>();
        return services;
    }
}
