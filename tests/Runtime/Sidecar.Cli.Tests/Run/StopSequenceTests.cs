using Sidecar.Cli.Logs;
using Sidecar.Cli.Running;
using Sidecar.Cli.Runs;
using Sidecar.Components;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resources;
using TestSupport;

namespace Sidecar.Cli.Tests.Run;

/// <summary>How long an app that ignores the request to end may go on, on a clock that stands still.</summary>
public sealed class StopSequenceTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FakeClock _clock = new();
    private readonly StringWriter _text = new();
    private readonly TaskCompletionSource _insisted = new();
    private readonly TextWriter _console;

    public StopSequenceTests() => _console = TextWriter.Synchronized(_text);

    public void Dispose()
    {
        _folder.Dispose();
        _text.Dispose();
    }

    [Fact]
    public async Task A_user_who_insists_waits_for_no_app()
    {
        await using var log = new RunLog(_console, colored: false);
        await using var deaf = await StartDeafAsync(log);
        var stopping = new StopSequence([deaf], _insisted.Task, _clock).RunAsync();

        _insisted.SetResult();

        await stopping.WithinAsync("the end of the app");
        Assert.True(deaf.GoneAsync().IsCompleted);
    }

    [Fact]
    public async Task An_app_is_killed_after_5_s_so_that_the_whole_stop_takes_less_than_10()
    {
        await using var log = new RunLog(_console, colored: false);
        await using var deaf = await StartDeafAsync(log);
        var stopping = new StopSequence([deaf], _insisted.Task, _clock).RunAsync();

        // Two limits: that of the sidecar, which has stopped already, and that of the app.
        await Eventually.TrueAsync(() => _clock.ArmedTimers == 2, "the wait for the app");
        _clock.Advance(MultiAppRun.AppGrace - TimeSpan.FromMilliseconds(1));
        Assert.False(deaf.GoneAsync().IsCompleted);
        _clock.Advance(TimeSpan.FromMilliseconds(1));

        await stopping.WithinAsync("the end of the app");
        Assert.True(MultiAppRun.DrainLimit + MultiAppRun.AppGrace < TimeSpan.FromSeconds(10));
    }

    private async Task<AppRunner> StartDeafAsync(RunLog log)
    {
        var app = new RunApp("deaf", _folder.Path) { Command = ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done"] };
        var template = new RunTemplate(_folder.File("dapr.yaml"), "t", [app]);
        var folder = new RunFolder(template.File);
        var plan = new AppPlan(template, app, new AppPorts(3500, 50001, 0, 0), LogFiles.ForApp(log, folder, app, 0, _clock.GetUtcNow()), LogFiles.ForSidecar(log, folder, app, 0, _clock.GetUtcNow()));
        var sidecar = new FakeSidecar();
        var runner = new AppRunner(plan, sidecar, log, new RunJournal(folder, new RunRecord(template.File, "t", ProcessIdentity.Current, _clock.GetUtcNow())), _clock);
        runner.Start(SidecarOptions.ProcessEnvironment(), []);
        await Eventually.TrueAsync(() => Text().Contains("== deaf", StringComparison.Ordinal), "the app to run");
        sidecar.BecomesHealthy.SetResult();
        await runner.Settled.WithinAsync("the app to be healthy");
        await Eventually.TrueAsync(() => _clock.ArmedTimers == 0, "nothing to be waited for");
        return runner;
    }

    private string Text()
    {
        lock (_console)
            return _text.ToString();
    }
}
