using Microsoft.Extensions.DependencyInjection;

namespace Sidecar.Runtime.Hosting.Reload;

/// <summary>Hot reload: what it consists of.</summary>
internal static class ReloadFeature
{
    public static IServiceCollection AddHotReload(this IServiceCollection services) => services
        .AddSingleton<RetiredComponents>()
        .AddSingleton<ResourceReload>()
        .AddSingleton<HotReload>();
}
