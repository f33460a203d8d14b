using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using TestSupport;

namespace ServiceDefaults.Tests;

public sealed class TelemetryTests
{
    private const string TraceId = "4bf92f3577b34da6a3ce929d0e0e4736";

    [Fact]
    public async Task TracesAndMetricsAreExported_WhenAnEndpointIsConfigured()
    {
        var seen = new ConcurrentDictionary<string, bool>();
        await using var collector = await Stub.StartAsync(context =>
        {
            seen[context.Request.Path] = true;
            return Task.CompletedTask;
        });

        // Once more, where a machine that is slow had not sent all within the time that a shutdown has.
        await Eventually.TrueAsync(
            async () =>
            {
                await using var service = await TestService.StartAsync(
                    [$"--OTEL_EXPORTER_OTLP_ENDPOINT={collector.Address}", "--OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"], app => app.MapGet("/hello", () => "hello"));
                await service.Client.GetStringAsync("/hello");
                await service.StopAsync();
                return seen.ContainsKey("/v1/traces") && seen.ContainsKey("/v1/metrics");
            },
            "traces and metrics at the collector");
    }

    [Fact]
    public async Task ADeadCollectorDoesNotHoldUpTheShutdown()
    {
        await using var service = await TestService.StartAsync([$"--OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:{FreePorts.Next()}"], app => app.MapGet("/hello", () => "hello"));
        await service.Client.GetStringAsync("/hello");
        await service.StopAsync().WithinAsync("the shutdown with a dead collector");
    }

    [Fact]
    public async Task ACollectorThatNeverAnswersDoesNotHoldUpTheShutdown()
    {
        var (asked, never) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var collector = await Stub.StartAsync(_ =>
        {
            asked.TrySetResult();
            return never.Task;
        });
        await using (var service = await TestService.StartAsync(
            [$"--OTEL_EXPORTER_OTLP_ENDPOINT={collector.Address}", "--OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "--OTEL_EXPORTER_OTLP_TIMEOUT=3600000"], app => app.MapGet("/hello", () => "hello")))
        {
            await service.Client.GetStringAsync("/hello");
            await service.StopAsync().WithinAsync("the shutdown with a silent collector");
        }

        await asked.Task.WithinAsync("the collector to be asked");
        never.SetResult();
    }

    [Fact]
    public async Task EachLineHasTheCallersTraceId_AsTextAndAsJson()
    {
        // The console is one for all tests of this process: lines of others may be among these, and do no harm.
        var before = Console.Out;
        using var lines = new StringWriter();
        Console.SetOut(TextWriter.Synchronized(lines));
        try
        {
            await LogOnceAsync("for people");
            await LogOnceAsync("for machines", "--Logging:Json=true");
        }
        finally
        {
            Console.SetOut(before);
        }

        var all = lines.ToString().Split('\n');
        var text = Assert.Single(all, line => line.Contains("said for people", StringComparison.Ordinal));
        Assert.Contains(TraceId, text, StringComparison.Ordinal);
        Assert.False(text.StartsWith('{'));

        var json = JsonDocument.Parse(Assert.Single(all, line => line.StartsWith("{", StringComparison.Ordinal) && line.Contains("for machines", StringComparison.Ordinal))).RootElement;
        Assert.Equal(TraceId, json.GetProperty("TraceId").GetString());
        Assert.Equal("Information", json.GetProperty("Level").GetString());
        Assert.Equal("log-test", json.GetProperty("Properties").GetProperty("Service").GetString());
    }

    private static async Task LogOnceAsync(string what, params string[] args)
    {
        await using var service = await TestService.StartAsync(
            [.. args, "--APP_ID=log-test"], app => app.MapGet("/say", (ILogger<TestService> log) => log.LogInformation("said {What}", what)));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/say");
        request.Headers.Add("traceparent", $"00-{TraceId}-00f067aa0ba902b7-01");
        (await service.Client.SendAsync(request)).EnsureSuccessStatusCode();
    }
}
