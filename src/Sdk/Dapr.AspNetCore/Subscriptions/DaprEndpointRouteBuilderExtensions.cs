using System.Text.Json;
using System.Text.Json.Serialization;
using Dapr;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Tells the sidecar what the app subscribes to.</summary>
public static class DaprEndpointRouteBuilderExtensions
{
    // The shape is Dapr's, whatever JSON options the app has.
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>Serves <c>GET /dapr/subscribe</c>: all subscriptions that endpoints declare by attribute or <c>WithTopic</c>.</summary>
    public static IEndpointConventionBuilder MapSubscribeHandler(this IEndpointRouteBuilder endpoints) => endpoints.Map(options: null);

    /// <inheritdoc cref="MapSubscribeHandler(IEndpointRouteBuilder)"/>
    public static IEndpointConventionBuilder MapSubscribeHandler(this IEndpointRouteBuilder endpoints, SubscribeOptions options) => endpoints.Map(options);

    private static IEndpointConventionBuilder Map(this IEndpointRouteBuilder endpoints, SubscribeOptions? options)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        return endpoints.MapGet("dapr/subscribe", context =>
        {
            var log = context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("Dapr.Subscriptions");
            var list = SubscriptionList.From(context.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints, options, log);
            return context.Response.WriteAsJsonAsync(list, Json, context.RequestAborted);
        });
    }
}
