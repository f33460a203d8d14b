using System.ComponentModel;
using System.Diagnostics;
using Sidecar.Components;

namespace Sidecar.Cli.Processes;

/// <summary>
/// A child that cannot outlive this process, with everything it starts in its process group. Its lines are handed to a sink;
/// its input is empty.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    /// <summary>How long output may still come after the end, from descendants that left the process group.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    private readonly Process _process;
    private readonly IGuardian _guardian;
    private readonly CancellationTokenSource _stopReading = new();
    private readonly Lock _lock = new();
    private bool _reaped;

    private ChildProcess(Process process, IGuardian guardian, Func<string, ValueTask> onLine, TimeProvider time)
    {
        _process = process;
        _guardian = guardian;
        Identity = ProcessIdentity.Of(process.Id) ?? new ProcessIdentity(process.Id, "");
        Exited = ObserveAsync(onLine, time);
    }

    public ProcessIdentity Identity { get; }

    public int Pid => Identity.Pid;

    /// <summary>Completes once the child is gone, its group is killed and its last lines are delivered. A child ended by signal N has code 128 + N.</summary>
    public Task<int> Exited { get; }

    /// <exception cref="ChildStartException">The program does not exist or cannot be run.</exception>
    public static ChildProcess Start(ChildSpec spec, Func<string, ValueTask> onLine, TimeProvider? time = null)
    {
        var guardian = Guardians.ForThisSystem;
        var info = guardian.Prepare(spec);
        info.WorkingDirectory = spec.WorkingDirectory;
        info.UseShellExecute = false;
        info.RedirectStandardInput = info.RedirectStandardOutput = info.RedirectStandardError = true;
        info.Environment.Clear();
        foreach (var (name, value) in spec.Environment)
            info.Environment[name] = value;

        try
        {
            var process = Process.Start(info)!;
            guardian.Adopt(process);
            return new ChildProcess(process, guardian, onLine, time ?? TimeProvider.System);
        }
        catch (Win32Exception failure)
        {
            throw new ChildStartException($"cannot start '{spec.Command[0]}' in {spec.WorkingDirectory}: {failure.Message}", failure);
        }
    }

    /// <summary>Asks the child and its group to end.</summary>
    public void Terminate()
    {
        lock (_lock)
        {
            if (!_reaped)
                _guardian.Terminate(_process);
        }
    }

    /// <summary>Ends the child and its group at once.</summary>
    public void Kill()
    {
        lock (_lock)
        {
            if (!_reaped)
                _guardian.Kill(_process);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await Exited;
        _stopReading.Dispose();
        _process.Dispose();
    }

    private async Task<int> ObserveAsync(Func<string, ValueTask> onLine, TimeProvider time)
    {
        var output = Task.WhenAll(
            Lines.PumpAsync(_process.StandardOutput.BaseStream, onLine, _stopReading.Token),
            Lines.PumpAsync(_process.StandardError.BaseStream, onLine, _stopReading.Token));
        await _process.WaitForExitAsync();

        // The number of the child stays taken as long as its group has a member, and the guardian is one until its
        // lifeline is cut: up to here no signal can hit a stranger.
        lock (_lock)
        {
            _reaped = true;
            _guardian.Release(_process);
        }

        using var lastWords = new CancellationTokenSource(LastWords, time);
        await using (lastWords.Token.UnsafeRegister(static reading => ((CancellationTokenSource)reading!).Cancel(), _stopReading))
            await output;
        return _process.ExitCode;
    }
}

/// <summary>A program that cannot be started; the message names it and its folder.</summary>
internal sealed class ChildStartException(string message, Exception? inner = null) : Exception(message, inner);
