using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resiliency;
using Sidecar.Runtime.State.Encryption;
using Sidecar.Runtime.State.Outbox;

namespace Sidecar.Runtime.State;

/// <summary>The state building block: what it consists of and where it answers.</summary>
internal static class StateFeature
{
    public static IServiceCollection AddState(this IServiceCollection services) => services.AddResiliency()
        .AddSingleton<IComponentCheck, EncryptionCheck>()
        .AddSingleton<StateStores>()
        .AddSingleton<ISidecarFeature>(services => services.GetRequiredService<StateStores>())
        .AddSingleton<StateEngine>()
        .AddSingleton<OutboxTransactions>()
        .AddSingleton<OutboxPublisher>()
        .AddSingleton<OutboxRelay>()
        .AddSingleton<ISidecarFeature>(services => services.GetRequiredService<OutboxRelay>());

    public static void MapState(this IEndpointRouteBuilder endpoints) =>
        StateHttp.Map(endpoints, endpoints.ServiceProvider.GetRequiredService<StateEngine>());

    public static void MapStateGrpc(this IEndpointRouteBuilder routes) =>
        StateGrpc.Map(routes, routes.ServiceProvider.GetRequiredService<StateEngine>());
}
