using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Sidecar.Grpc;
using Sidecar.Runtime.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Hosting;

/// <summary>A whole sidecar in the test's process, with a client of its API and the lines of its log.</summary>
internal sealed class TestSidecar : IAsyncDisposable
{
    private readonly SidecarGroup? _own;

    private TestSidecar(SidecarInstance instance, SidecarGroup? own, ConcurrentQueue<string> log, HttpMessageHandler handler)
    {
        (Instance, _own, Log) = (instance, own, log);
        Client = new HttpClient(handler) { BaseAddress = new Uri($"http://127.0.0.1:{instance.HttpPort}") };
        Channel = GrpcChannel.ForAddress(new Uri($"http://127.0.0.1:{instance.GrpcPort}"));
    }

    public SidecarInstance Instance { get; }

    public HttpClient Client { get; }

    /// <summary>To the gRPC API.</summary>
    public GrpcChannel Channel { get; }

    public ConcurrentQueue<string> Log { get; }

    /// <summary>Starts it and returns when it serves. Resources are in the folder <c>components</c>, the Configuration in <c>config.yaml</c>, if they are there.</summary>
    public static async Task<TestSidecar> StartAsync(
        TempFolder folder, Func<SidecarOptions, SidecarOptions>? change = null, SidecarGroup? group = null, HttpMessageHandler? handler = null)
    {
        var log = new ConcurrentQueue<string>();
        var own = group is null ? new SidecarGroup() : null;
        var options = new SidecarOptions
        {
            AppId = "me",
            HttpPort = FreePorts.Next(),
            GrpcPort = FreePorts.Next(),
            ResourcesPaths = Directory.Exists(folder.File("components")) ? [folder.File("components")] : [],
            ConfigPaths = File.Exists(folder.File("config.yaml")) ? [folder.File("config.yaml")] : [],
            BaseDirectory = folder.Path,
            Environment = new Dictionary<string, string>(),
            LogLine = log.Enqueue,
        };
        try
        {
            var instance = await (group ?? own!).StartAsync(change?.Invoke(options) ?? options);
            return new TestSidecar(instance, own, log, handler ?? new SocketsHttpHandler { AllowAutoRedirect = false });
        }
        catch
        {
            if (own is not null)
                await own.DisposeAsync();
            throw;
        }
    }

    public async Task<JsonObject> MetadataAsync() => JsonNode.Parse(await Client.GetStringAsync(new Uri("/v1.0/metadata", UriKind.Relative)))!.AsObject();

    /// <summary>Status and body of a GET.</summary>
    public async Task<(int Status, string Body)> GetAsync(string path)
    {
        var address = new Uri(Client.BaseAddress!.GetLeftPart(UriPartial.Authority) + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var response = await Client.GetAsync(address);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>A line of the log that holds the text, now or soon.</summary>
    public Task<string> LineAsync(string text) =>
        Eventually.GetAsync(() => Task.FromResult(Log.FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal))), $"a log line with '{text}'");

    /// <summary>
    /// Moves the clock from one health probe to the next until the app passes one, and awaits health; no further, for the app's other
    /// answers must not come too late on this clock.
    /// </summary>
    public async Task PassProbesAsync(FakeClock clock)
    {
        await Eventually.TrueAsync(
            () =>
            {
                if (Log.Any(line => line.Contains("App entered healthy status", StringComparison.Ordinal)))
                    return true;
                clock.Advance(TimeSpan.FromSeconds(5));
                return false;
            },
            "the first success");
        await Instance.Healthy.WithinAsync("health");
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Channel.Dispose();
        await Instance.DisposeAsync();
        if (_own is not null)
            await _own.DisposeAsync();
    }
}
