using System.Collections.Concurrent;
using Sidecar.Cli.Processes;
using Sidecar.Runtime.Hosting;
using TestSupport;

namespace Sidecar.Cli.Tests.Run;

/// <summary>A real <c>dapr</c> process, in a home folder of its own.</summary>
internal sealed class DaprCli : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly ChildProcess _process;

    private DaprCli(TempFolder folder, string[] arguments, IReadOnlyDictionary<string, string> environment)
    {
        var variables = SidecarOptions.ProcessEnvironment().ToDictionary();
        variables["DAPR_RUNTIME_PATH"] = folder.File("home");
        foreach (var (name, value) in environment)
            variables[name] = value;
        var program = Path.Combine(AppContext.BaseDirectory, "dapr.dll");

        // On a clock that stands still, so that no line is lost because the machine is slow.
        _process = ChildProcess.Start(new ChildSpec(["dotnet", program, .. arguments], folder.Path, variables), Collect, new FakeClock());
    }

    public int Pid => _process.Pid;

    public string Output => string.Join('\n', _lines);

    public Task<int> Exited => _process.Exited;

    public static DaprCli Start(TempFolder folder, params string[] arguments) => new(folder, arguments, new Dictionary<string, string>());

    public static DaprCli Start(TempFolder folder, IReadOnlyDictionary<string, string> environment, params string[] arguments) => new(folder, arguments, environment);

    /// <summary>Runs to its end.</summary>
    public static async Task<(int Code, string Output)> RunAsync(TempFolder folder, params string[] arguments)
    {
        await using var cli = Start(folder, arguments);
        var code = await cli.Exited.WithinAsync($"the end of dapr {string.Join(' ', arguments)}");
        return (code, cli.Output);
    }

    /// <summary>The line that contains the text, once it is there.</summary>
    public async Task<string> LineAsync(string part)
    {
        var line = Eventually.GetAsync(
            () => Task.FromResult(_lines.FirstOrDefault(line => line.Contains(part, StringComparison.Ordinal))), $"a line with '{part}'");

        // A run that has ended says no more: waiting on would only hide what it said.
        if (await Task.WhenAny(line, Exited) == Exited && !Output.Contains(part, StringComparison.Ordinal))
            throw new InvalidOperationException($"dapr ended with {await Exited} without a line with '{part}':\n{Output}");
        return await line;
    }

    /// <summary>What an app printed after <paramref name="key"/> and an equals sign.</summary>
    /// <param name="appId">null = the one app of a single run, whose lines do not name it.</param>
    public async Task<string> PrintedAsync(string? appId, string key)
    {
        var start = $"== APP {(appId is null ? "" : $"- {appId} ")}== {key}=";
        return (await LineAsync(start))[start.Length..];
    }

    public async Task<int> PrintedPidAsync(string? appId, string key = "pid") => int.Parse(await PrintedAsync(appId, key));

    public void Signal(int signal) => Signals.Send(Pid, signal);

    public async Task<int> SignalAndWaitAsync(int signal)
    {
        Signal(signal);
        return await Exited.WithinAsync("the end of the run");
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private ValueTask Collect(string line)
    {
        _lines.Enqueue(line);
        return ValueTask.CompletedTask;
    }
}
