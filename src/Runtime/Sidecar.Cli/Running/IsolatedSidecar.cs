using Sidecar.Cli.Logs;
using Sidecar.Cli.Processes;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Cli.Running;

/// <summary>A sidecar in a process of its own. Once it has served it is started again whenever it dies, until it is stopped.</summary>
internal sealed class IsolatedSidecar(AppPlan plan, ChildSpec spec, DaprdApi api, RunLog log, RunJournal journal, TimeProvider time)
    : ISidecar, IAsyncDisposable
{
    private readonly RestartPauses _pauses = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10));
    private readonly Dictionary<string, string> _metadata = plan.ExtendedMetadata();
    private readonly TaskCompletionSource<int> _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _healthy = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private ChildProcess? _process;
    private Task _life = Task.CompletedTask;

    public Task Healthy => _healthy.Task;

    public Task<int> Stopped => _stopped.Task;

    /// <exception cref="SidecarStartException">It ended before it served; the message has its last lines.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        using var asked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var process = Spawn();
        var serves = api.ServesAsync(asked.Token);
        if (await Task.WhenAny(serves, process.Exited) != serves)
        {
            await asked.CancelAsync();
            _stopped.TrySetResult(await process.Exited);
            throw new SidecarStartException(WhyItEnded(await process.Exited));
        }

        await serves;
        await SendMetadataAsync(cancellationToken);
        _life = SuperviseAsync(process, _stopping.Token);
    }

    public async Task SetMetadataAsync(string name, string value, CancellationToken cancellationToken)
    {
        lock (_lock)
            _metadata[name] = value;
        await SendMetadataAsync(cancellationToken);
    }

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        Current?.Terminate();
        await _life;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (Current is { } process)
        {
            // Also one whose start was given up removes what it made, its socket file above all. Who disposes sets the limit.
            process.Terminate();
            await process.Exited;
            await process.DisposeAsync();
        }

        await _life;
        _stopping.Dispose();
    }

    /// <summary>Its own last words if it had the time for them, else its last lines.</summary>
    private string WhyItEnded(int code)
    {
        var lines = plan.SidecarLog.LastLines();
        return FatalLine.ReasonIn(lines)
            ?? $"daprd of {plan.AppId} ended with {ExitCodes.Describe(code)} before it served. Its last lines:{string.Concat(lines.Select(line => $"{Environment.NewLine}    {line}"))}";
    }

    private ChildProcess? Current
    {
        get
        {
            lock (_lock)
                return _process;
        }
    }

    private ChildProcess Spawn()
    {
        try
        {
            var process = ChildProcess.Start(spec, plan.SidecarLog.WriteAsync);
            journal.SidecarStarted(plan.AppId, process.Identity);
            lock (_lock)
                _process = process;
            return process;
        }
        catch (ChildStartException failure)
        {
            throw new SidecarStartException(failure.Message, failure);
        }
    }

    private async Task SuperviseAsync(ChildProcess process, CancellationToken stopping)
    {
        while (true)
        {
            var started = time.GetTimestamp();
            using var gone = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            var health = TellHealthAsync(gone.Token);
            var code = await process.Exited;
            await gone.CancelAsync();
            await health;
            await process.DisposeAsync();

            // 0 is a stop that somebody asked for, by us or over its API.
            if (stopping.IsCancellationRequested || code == 0)
            {
                _stopped.TrySetResult(code);
                return;
            }

            await log.SayAsync($"daprd of {plan.AppId} (pid {process.Pid}) ended with {ExitCodes.Describe(code)}; starting it again");
            if (await RestartAsync(_pauses.Next(time.GetElapsedTime(started)), stopping) is not { } next)
            {
                _stopped.TrySetResult(code);
                return;
            }

            process = next;
        }
    }

    private async Task<ChildProcess?> RestartAsync(TimeSpan pause, CancellationToken stopping)
    {
        try
        {
            await Task.Delay(pause, time, stopping);
            lock (_lock)
                return stopping.IsCancellationRequested ? null : Spawn();
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (SidecarStartException failure)
        {
            await log.SayAsync(failure.Message);
            return null;
        }
    }

    private async Task TellHealthAsync(CancellationToken gone)
    {
        try
        {
            await api.ServesAsync(gone);
            await SendMetadataAsync(gone);
            await api.IsHealthyAsync(gone);
            if (!_healthy.TrySetResult())
                await log.SayAsync($"daprd of {plan.AppId} is healthy again");
        }
        catch (Exception failure) when (failure is OperationCanceledException or HttpRequestException)
        {
            // It ended or was stopped while it was asked; the supervision tells.
        }
    }

    private async Task SendMetadataAsync(CancellationToken cancellationToken)
    {
        KeyValuePair<string, string>[] metadata;
        lock (_lock)
            metadata = [.. _metadata];
        try
        {
            foreach (var (name, value) in metadata)
                await api.SetMetadataAsync(name, value, cancellationToken);
        }
        catch (HttpRequestException failure)
        {
            // Only tools that list apps read it; and a restarted sidecar is sent it again.
            plan.SidecarLog.Write($"dapr could not set the extended metadata: {failure.Message}");
        }
    }
}
