using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.Resiliency;

/// <summary>
/// <c>GET /v1.0-alpha1/resiliency</c>, which real Dapr has not: the policies that apply to each target now, and the breakers that have
/// counted something. <c>dapr resiliency</c> shows it.
/// </summary>
internal static class ResiliencyHttp
{
    private const string Path = "/v1.0-alpha1/resiliency";

    public static void MapResiliency(this IEndpointRouteBuilder routes)
    {
        var policies = routes.ServiceProvider.GetRequiredService<ResiliencyPolicies>();
        var components = routes.ServiceProvider.GetRequiredService<ComponentRegistry>();
        var options = routes.ServiceProvider.GetRequiredService<SidecarOptions>();
        routes.MapGet(Path, context => context.Response.WriteAsJsonAsync(new JsonObject
        {
            ["appId"] = options.AppId,
            ["targets"] = new JsonArray([.. PolicyListing.Of(policies, components).Select(ToJson)]),
        }));
    }

    private static JsonObject ToJson(ListedTarget target)
    {
        var (retry, timeout, breaker) = target.Policies;
        var listed = new JsonObject { ["target"] = target.Name };
        if (retry is not null)
            listed["retry"] = retry.Name;
        if (timeout is not null)
            listed["timeout"] = timeout.Name;
        if (breaker is not null)
            listed["circuitBreaker"] = breaker.Name;
        if (target.Breakers.Count > 0)
            listed["breakers"] = new JsonArray([.. target.Breakers.Select(state => new JsonObject { ["endpoint"] = state.Key, ["state"] = PolicyEvents.Word(state.Value) })]);
        return listed;
    }
}
