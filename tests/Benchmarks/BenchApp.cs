using System.Diagnostics;
using System.Text.Json;
using Benchmarks.Load;
using Benchmarks.Servers;
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

    /// <summary>What is published to and read from a server by its own client library.</summary>
    public const string DirectTopic = "bench-direct";

    /// <summary>Variable with the names of the pub/sub components to subscribe to, commas between.</summary>
    public const string PubSubs = "BENCH_PUBSUBS";

    /// <summary>Variable with the server to subscribe to directly, a <see cref="DirectServer"/> in JSON.</summary>
    public const string Server = "BENCH_SERVER";

    /// <summary>Variable with a further port to listen at.</summary>
    public const string MorePort = "BENCH_MORE_PORT";

    private static readonly byte[] DocumentBytes = System.Text.Encoding.UTF8.GetBytes(Document);
    private static readonly Deliveries Delivered = new();

    public static async Task RunAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        var app = builder.Build();
        app.Urls.Add($"http://127.0.0.1:{Environment.GetEnvironmentVariable("APP_PORT")}");
        if (Environment.GetEnvironmentVariable(MorePort) is { Length: > 0 } more)
            app.Urls.Add($"http://127.0.0.1:{more}");
        var pubsubs = Environment.GetEnvironmentVariable(PubSubs)!.Split(',', StringSplitOptions.RemoveEmptyEntries);
        app.MapGet("/dapr/subscribe", () => pubsubs.Select(Subscription));
        app.MapGet("/document", GetDocumentAsync);
        app.MapPost("/documents", TakeDocumentsAsync);
        app.MapPost("/events", TakeEventAsync);
        app.MapPost("/deliveries/reset", Delivered.Reset);
        app.MapGet("/deliveries", Delivered.Report);
        if (Environment.GetEnvironmentVariable(Server) is { Length: > 0 } json)
        {
            var server = JsonSerializer.Deserialize<DirectServer>(json)!;
            await (await DirectClients.OpenAsync(server.Kind, server.Metadata)).SubscribeAsync(DirectTopic, Take);
        }

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
        Take(body);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static void Take(ReadOnlySpan<byte> message)
    {
        if (Stamp.TryRead(message, out var sent))
            Delivered.Add(sent, Stopwatch.GetTimestamp());
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
