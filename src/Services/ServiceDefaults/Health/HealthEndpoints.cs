using Dapr.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Shop.ServiceDefaults.Health;

/// <summary>Whether the service lives, and whether it is ready for work.</summary>
internal static class HealthEndpoints
{
    public const string LivePath = "/healthz";
    public const string ReadyPath = "/readyz";

    /// <summary>A sidecar on loopback answers in milliseconds; longer than this is no.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        // Request delegates as they are: nothing to analyse at start-up.
        routes.MapGet(LivePath, context => context.Response.WriteAsync("live"));
        routes.MapGet(ReadyPath, ReadyAsync);
    }

    /// <summary>
    /// Ready once the service's own sidecar is, because the sidecar is only when all subscriptions run, and once nothing else that
    /// the service registered as <see cref="IReadiness"/> is lacking.
    /// </summary>
    private static async Task ReadyAsync(HttpContext context)
    {
        if (await LacksAsync(context) is not { } lacks)
            await context.Response.WriteAsync("ready");
        else
            await TypedResults.Problem(lacks, statusCode: StatusCodes.Status503ServiceUnavailable).ExecuteAsync(context);
    }

    private static async Task<string?> LacksAsync(HttpContext context)
    {
        foreach (var readiness in context.RequestServices.GetServices<IReadiness>())
        {
            if (readiness.Lacks is { } lacks)
                return lacks;
        }

        return await IsSidecarReadyAsync(context.RequestServices.GetRequiredService<DaprClient>(), context.RequestAborted)
            ? null
            : "The Dapr sidecar of this service is not ready.";
    }

    private static async Task<bool> IsSidecarReadyAsync(DaprClient dapr, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Patience);
        try
        {
            return await dapr.CheckHealthAsync(timeout.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // No answer in time is an answer: not ready.
            return false;
        }
    }
}
