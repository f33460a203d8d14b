using System.Text.Json;
using Dapr;
using Dapr.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Shop.Contracts;

namespace Shop.ServiceDefaults;

/// <summary>What becomes of a delivered event; the names are those of Dapr's subscription protocol.</summary>
public enum EventStatus
{
    /// <summary>Its effect is durable and what follows is published.</summary>
    Success,

    /// <summary>It cannot be handled yet: deliver it again.</summary>
    Retry,

    /// <summary>It can never be handled.</summary>
    Drop,
}

/// <summary>Publishing events, and the endpoints that receive them.</summary>
public static class EventEndpoints
{
    /// <summary>Component that carries the events.</summary>
    public const string PubSub = "pubsub";

    /// <summary>
    /// How long a handler may run. Brokers hand an event to someone else after about as long.
    /// </summary>
    public static readonly TimeSpan HandlerDeadline = TimeSpan.FromSeconds(60);

    // An event without one of its members is as unusable as one that is no JSON.
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>
    /// Publishes an event under the id <c>{order}.{type}</c>: whoever publishes it again, after a crash, publishes the same event.
    /// </summary>
    public static Task PublishAsync<TEvent>(this DaprClient dapr, TEvent fact, CancellationToken cancellationToken)
        where TEvent : IShopEvent
    {
        var metadata = new Dictionary<string, string>
        {
            ["cloudevent.id"] = $"{fact.OrderId}.{TEvent.Type}",
            ["cloudevent.type"] = TEvent.Type,
        };
        return dapr.PublishEventAsync(PubSub, TEvent.Topic, fact, metadata, cancellationToken);
    }

    /// <summary>
    /// Maps <c>POST /events/{type}</c>. What cannot be read as the event is logged and dropped; a handler that fails on Dapr answers
    /// RETRY, and one that throws anything else answers 500: either brings the event back.
    /// </summary>
    public static IEndpointConventionBuilder MapEvent<TEvent, THandler>(
        this IEndpointRouteBuilder routes, Func<THandler, TEvent, CancellationToken, Task<EventStatus>> handle)
        where TEvent : IShopEvent
        where THandler : class =>
        routes.MapPost($"/events/{TEvent.Type}", http => ReceiveAsync(http, handle));

    private static async Task ReceiveAsync<TEvent, THandler>(
        HttpContext http, Func<THandler, TEvent, CancellationToken, Task<EventStatus>> handle)
        where TEvent : IShopEvent
        where THandler : class
    {
        var services = http.RequestServices;
        var log = services.GetRequiredService<ILoggerFactory>().CreateLogger("Shop.Events");
        var status = await ReadAsync<TEvent>(http, log) is { } fact
            ? await HandleAsync(services, handle, fact, log, http.RequestAborted)
            : EventStatus.Drop;
        await http.Response.WriteAsJsonAsync(new { status = status.ToString().ToUpperInvariant() }, http.RequestAborted);
    }

    private static async Task<TEvent?> ReadAsync<TEvent>(HttpContext http, ILogger log)
        where TEvent : IShopEvent
    {
        try
        {
            return await JsonSerializer.DeserializeAsync<TEvent>(http.Request.Body, Json, http.RequestAborted)
                ?? throw new JsonException("The data is null.");
        }
        catch (JsonException unreadable)
        {
            log.UnreadableEvent(TEvent.Type, unreadable.Message);
            return default;
        }
    }

    private static async Task<EventStatus> HandleAsync<TEvent, THandler>(
        IServiceProvider services,
        Func<THandler, TEvent, CancellationToken, Task<EventStatus>> handle,
        TEvent fact,
        ILogger log,
        CancellationToken cancellationToken)
        where TEvent : IShopEvent
        where THandler : class
    {
        using var deadline = new CancellationTokenSource(HandlerDeadline, services.GetRequiredService<TimeProvider>());
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return await handle(services.GetRequiredService<THandler>(), fact, either.Token);
        }
        catch (DaprException failure)
        {
            log.EventFailed(TEvent.Type, fact.OrderId, failure.InnerException?.Message ?? failure.Message);
            return EventStatus.Retry;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            log.EventFailed(TEvent.Type, fact.OrderId, $"it was not done within {HandlerDeadline.TotalSeconds} s");
            return EventStatus.Retry;
        }
    }
}
