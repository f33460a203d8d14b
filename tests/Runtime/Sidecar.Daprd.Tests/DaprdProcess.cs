using TestSupport;

namespace Sidecar.Daprd.Tests;

/// <summary>A real <c>daprd</c> on free ports, with components of its own in a temporary folder.</summary>
internal sealed class DaprdProcess : IAsyncDisposable
{
    private readonly TestProcess _process;

    private DaprdProcess(TestProcess process, int httpPort, int grpcPort)
    {
        _process = process;
        (HttpPort, GrpcPort) = (httpPort, grpcPort);
        Client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{httpPort}") };
    }

    public int HttpPort { get; }

    public int GrpcPort { get; }

    public HttpClient Client { get; }

    public TestProcess Process => _process;

    public string Output => _process.Output;

    /// <summary>Starts it and returns at once.</summary>
    public static DaprdProcess Start(
        TempFolder folder, string appId, int appPort = 0, IEnumerable<string>? flags = null, IReadOnlyDictionary<string, string?>? environment = null, int? httpPort = null, int? grpcPort = null)
    {
        Directory.CreateDirectory(folder.File("components"));
        var (port, grpc) = (httpPort ?? FreePorts.Next(), grpcPort ?? FreePorts.Next());
        List<string> arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "daprd.dll"), "--app-id", appId, "--dapr-http-port", $"{port}", "--dapr-grpc-port", $"{grpc}",
            "--resources-path", folder.File("components"), "--name-registry", folder.File("names.db"), "--dapr-graceful-shutdown-seconds", "60",
        ];
        if (appPort > 0)
            arguments.AddRange(["--app-port", $"{appPort}"]);
        arguments.AddRange(flags ?? []);
        return new DaprdProcess(TestProcess.Start("dotnet", arguments, folder.Path, environment), port, grpc);
    }

    /// <summary>Starts it and waits for <c>/v1.0/healthz</c>.</summary>
    public static async Task<DaprdProcess> StartHealthyAsync(
        TempFolder folder, string appId, int appPort = 0, IEnumerable<string>? flags = null, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var daprd = Start(folder, appId, appPort, flags, environment);
        try
        {
            await daprd.HealthyAsync();
            return daprd;
        }
        catch
        {
            await daprd.DisposeAsync();
            throw;
        }
    }

    public Task HealthyAsync() => Eventually.TrueAsync(
        async () =>
        {
            if (_process.HasExited)
                throw new Eventually.HopelessException($"daprd ended:\n{Output}");
            using var response = await Client.GetAsync(new Uri("/v1.0/healthz", UriKind.Relative));
            return response.IsSuccessStatusCode;
        },
        "healthz of daprd");

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _process.DisposeAsync();
    }
}
