using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Runtime.Bindings.Input;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.Bindings;

/// <summary>The bindings building block: calls of output bindings, and events of input bindings for the app.</summary>
internal static class BindingsFeature
{
    public static IServiceCollection AddBindings(this IServiceCollection services) => services
        .AddSingleton<BindingsEngine>()
        .AddSingleton<IBindingApp, HttpBindingApp>()
        .AddSingleton<InputStarter>()
        .AddSingleton<ISidecarFeature, InputBindings>();

    public static void MapBindings(this IEndpointRouteBuilder endpoints) =>
        BindingsHttp.Map(endpoints, endpoints.ServiceProvider.GetRequiredService<BindingsEngine>());
}
