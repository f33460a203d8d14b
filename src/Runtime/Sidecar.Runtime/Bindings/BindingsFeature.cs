using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Bindings.Input;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resiliency;

namespace Sidecar.Runtime.Bindings;

/// <summary>The bindings building block: calls of output bindings, and events of input bindings for the app.</summary>
internal static class BindingsFeature
{
    public static IServiceCollection AddBindings(this IServiceCollection services) => services.AddResiliency()
        .AddSingleton<BindingsEngine>()
        .AddSingleton<HttpBindingApp>()
        .AddSingleton<GrpcBindingApp>()
        .AddSingleton<IBindingApp>(services => services.GetRequiredService<GrpcAppChannel>().HasApp ? services.GetRequiredService<GrpcBindingApp>() : services.GetRequiredService<HttpBindingApp>())
        .AddSingleton<InputStarter>()
        .AddSingleton<ISidecarFeature, InputBindings>();

    public static void MapBindings(this IEndpointRouteBuilder endpoints) =>
        BindingsHttp.Map(endpoints, endpoints.ServiceProvider.GetRequiredService<BindingsEngine>());

    public static void MapBindingsGrpc(this IEndpointRouteBuilder routes) =>
        BindingsGrpc.Map(routes, routes.ServiceProvider.GetRequiredService<BindingsEngine>());
}
