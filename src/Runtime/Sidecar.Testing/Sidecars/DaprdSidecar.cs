using System.Diagnostics;
using System.Globalization;

namespace Sidecar.Testing.Sidecars;

/// <summary>What a <c>daprd</c> process is started with.</summary>
/// <param name="Program">The executable, or an assembly (<c>.dll</c>) for <c>dotnet</c>.</param>
/// <param name="Folder">Its working directory.</param>
internal sealed record DaprdSettings(
    string Program,
    string Folder,
    string AppId,
    int AppPort,
    int HttpPort,
    int GrpcPort,
    IReadOnlyList<string> ResourcesPaths,
    IReadOnlyList<string> ConfigPaths,
    IReadOnlyList<(string Name, string Value)> FurtherFlags,
    IReadOnlyDictionary<string, string> Environment)
{
    public IEnumerable<string> Arguments()
    {
        if (IsAssembly)
            yield return Program;
        foreach (var (name, value) in Flags())
        {
            yield return $"--{name}";
            yield return value;
        }

        yield return "--log-as-json";
        yield return "--enable-metrics=false";
    }

    public bool IsAssembly => Program.EndsWith(".dll", StringComparison.OrdinalIgnoreCase);

    private IEnumerable<(string Name, string Value)> Flags()
    {
        yield return ("app-id", AppId);
        if (AppPort > 0)
            yield return ("app-port", Text(AppPort));
        yield return ("dapr-http-port", Text(HttpPort));
        yield return ("dapr-grpc-port", Text(GrpcPort));
        yield return ("dapr-internal-grpc-port", Text(FreePorts.Next()));
        yield return ("dapr-listen-addresses", "127.0.0.1");
        foreach (var path in ResourcesPaths)
            yield return ("resources-path", path);
        foreach (var path in ConfigPaths)
            yield return ("config", path);
        foreach (var flag in FurtherFlags)
            yield return flag;
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A sidecar that is a process: any <c>daprd</c>, through its flags and its API alone.</summary>
internal sealed class DaprdSidecar(DaprdSettings settings, HttpClient api, CapturedLog log) : ISidecarRunner
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);

    private Process? _process;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(settings.IsAssembly ? "dotnet" : settings.Program, settings.Arguments())
        {
            WorkingDirectory = settings.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in settings.Environment)
            start.Environment[name] = value;
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.Start();
        _process = process;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return AnswersAsync("/v1.0/healthz/outbound", cancellationToken);
    }

    public Task HealthyAsync(CancellationToken cancellationToken) => AnswersAsync("/v1.0/healthz", cancellationToken);

    public async Task StopAsync()
    {
        if (_process is not { HasExited: false } process)
            return;
        using var limit = new CancellationTokenSource(StopLimit);
        try
        {
            using var answer = await api.PostAsync(new Uri("/v1.0/shutdown", UriKind.Relative), null, limit.Token).ConfigureAwait(false);
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            // Then it is ended without being asked.
        }

        await CrashAsync().ConfigureAwait(false);
    }

    public async Task CrashAsync()
    {
        if (Interlocked.Exchange(ref _process, null) is not { } process)
            return;
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync().ConfigureAwait(false);
        process.Dispose();
    }

    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    private async Task AnswersAsync(string path, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_process is not { HasExited: false })
                throw new InvalidOperationException($"{settings.Program} of {settings.AppId} has ended with {_process?.ExitCode}");
            try
            {
                using var answer = await api.GetAsync(new Uri(path, UriKind.Relative), cancellationToken).ConfigureAwait(false);
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
        }
    }

    private void Keep(string? line)
    {
        if (line is not null)
            log.Add(LogLine.Parse(settings.AppId, line));
    }
}
