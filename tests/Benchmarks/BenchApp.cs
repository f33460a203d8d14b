using System.Diagnostics;
using Benchmarks.Load;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Benchmarks;

/// <summary>
/// The app of all scenarios, as its author would write it: minimal APIs with the defaults of the framework. It answers the
/// calls that go through a sidecar, and beside them the same calls made directly.
/// </summary>
internal static class BenchApp
{
    /// <summary>What a small document of a service looks like; also what the state store holds.</summary>
    public const string Document = """{"id":"4711","name":"Ada Lovelace","city":"London","active":true,"points":1815,"tags":["first","analyst","poet"]}""";

    public const string Topic = "bench";
    private static readonly byte[] DocumentBytes = System.Text.Encoding.UTF8.GetBytes(Document);
    private static readonly Deliveries Delivered = new();

    public static async Task RunAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        var app = builder.Build();
        app.Urls.Add($"http://127.0.0.1:{Environment.GetEnvironmentVariable("APP_PORT")}");
        app.MapGet("/dapr/subscribe", () => new[] { Subscription("memory-events"), Subscription("sqlite-events") });
        app.MapGet("/document", GetDocumentAsync);
        app.MapPost("/documents", TakeDocumentsAsync);
        app.MapPost("/events", TakeEventAsync);
        app.MapPost("/deliveries/reset", Delivered.Reset);
        app.MapGet("/deliveries", Delivered.Report);
        await app.RunAsync();
    }

    private static object Subscription(string pubsub) => new { pubsubname = pubsub, topic = Topic, route = "/events" };

    private static Task GetDocumentAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = DocumentBytes.Length;
        return context.Response.Body.WriteAsync(DocumentBytes, context.RequestAborted).AsTask();
    }

    private static async Task TakeDocumentsAsync(HttpContext context)
    {
        await ReadAsync(context);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task TakeEventAsync(HttpContext context)
    {
        var body = await ReadAsync(context);
        if (Stamp.TryRead(body, out var sent))
            Delivered.Add(sent, Stopwatch.GetTimestamp());
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task<byte[]> ReadAsync(HttpContext context)
    {
        var body = new byte[context.Request.ContentLength ?? 0];
        await context.Request.Body.ReadExactlyAsync(body, context.RequestAborted);
        return body;
    }
}

/// <summary>How many events came, when the last one did, and how long each took from its publisher.</summary>
internal sealed class Deliveries
{
    private readonly Latencies _latencies = new();
    private long _count;
    private long _last;

    public void Add(long sent, long now)
    {
        _latencies.Add(sent, now);
        Interlocked.Increment(ref _count);
        Volatile.Write(ref _last, now);
    }

    public void Reset()
    {
        _latencies.Clear();
        Interlocked.Exchange(ref _count, 0);
        Interlocked.Exchange(ref _last, 0);
    }

    public DeliveryReport Report() => new(Interlocked.Read(ref _count), Volatile.Read(ref _last), _latencies.Percentile(0.5), _latencies.Percentile(0.99));
}

/// <param name="Last">Timestamp of <see cref="Stopwatch"/>, which all processes of a machine share.</param>
/// <param name="P50">Microseconds from publisher to app.</param>
/// <param name="P99">Likewise.</param>
internal sealed record DeliveryReport(long Count, long Last, double P50, double P99);
