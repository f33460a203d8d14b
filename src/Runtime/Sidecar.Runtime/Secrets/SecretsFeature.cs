using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Runtime.Resiliency;

namespace Sidecar.Runtime.Secrets;

/// <summary>The secrets building block: what it consists of and where it answers.</summary>
internal static class SecretsFeature
{
    public static IServiceCollection AddSecrets(this IServiceCollection services) => services.AddResiliency()
        .AddSingleton<SecretPermissions>()
        .AddSingleton<SecretsEngine>();

    public static void MapSecrets(this IEndpointRouteBuilder endpoints) =>
        SecretsHttp.Map(endpoints, endpoints.ServiceProvider.GetRequiredService<SecretsEngine>());

    public static void MapSecretsGrpc(this IEndpointRouteBuilder routes) =>
        SecretsGrpc.Map(routes, routes.ServiceProvider.GetRequiredService<SecretsEngine>());
}
