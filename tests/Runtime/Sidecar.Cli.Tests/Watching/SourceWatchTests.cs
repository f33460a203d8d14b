using Sidecar.Cli.Logs;
using Sidecar.Cli.Running;
using Sidecar.Cli.Runs;
using Sidecar.Cli.Tests.Run;
using Sidecar.Cli.Watching;
using Sidecar.Components;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resources;
using TestSupport;

namespace Sidecar.Cli.Tests.Watching;

public sealed class SourceWatchTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly StringWriter _text = new();
    private readonly TextWriter _console;

    public SourceWatchTests() => _console = TextWriter.Synchronized(_text);

    [Fact]
    public async Task Where_running_programs_are_locked_the_app_is_stopped_before_it_is_built_and_started_after()
    {
        // The build says whether the app still runs; the app says what was built.
        _folder.Write("src/text", "1");
        _folder.Write("result", "none");
        var app = new RunApp("a", _folder.Path)
        {
            Command = ["sh", "-c", "echo $$ >pid; echo ran-with-$(cat result); exec sleep 1000"],
            Watch = [_folder.File("src")],
            Build = ["sh", "-c", "if kill -0 $(cat pid) 2>/dev/null; then echo running >result; else echo stopped >result; fi"],
        };
        await using var log = new RunLog(_console, colored: false);
        await using var runner = Runner(app, log);
        await using var watch = await SourceWatch.CreateAsync([runner], log, SidecarOptions.ProcessEnvironment(), TimeProvider.System, stopFirst: true);
        runner.Start(SidecarOptions.ProcessEnvironment(), []);
        watch.Start();
        await LineAsync("ran-with-none");

        _folder.Write("src/text", "22");

        await LineAsync("ran-with-stopped");
    }

    [Fact]
    public async Task A_stop_does_not_wait_for_an_app_that_is_being_restarted()
    {
        _folder.Write("src/text", "1");
        var app = new RunApp("a", _folder.Path) { Command = ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 1; done"], Watch = [_folder.File("src")] };
        await using var log = new RunLog(_console, colored: false);
        // On a clock that stands still: the time that a deaf app has to end is never over.
        await using var runner = Runner(app, log, new FakeClock());
        var watch = await SourceWatch.CreateAsync([runner], log, SidecarOptions.ProcessEnvironment(), TimeProvider.System);
        runner.Start(SidecarOptions.ProcessEnvironment(), []);
        watch.Start();
        await LineAsync("deaf");
        _folder.Write("src/text", "22");
        await LineAsync("text changed: restarting a");

        await watch.DisposeAsync().AsTask().WithinAsync("the end of the watch");
        await watch.DisposeAsync();
    }

    public void Dispose()
    {
        _folder.Dispose();
        _text.Dispose();
    }

    private AppRunner Runner(RunApp app, RunLog log, TimeProvider? time = null)
    {
        var (template, now) = (new RunTemplate(_folder.File("dapr.yaml"), "t", [app]), DateTimeOffset.UnixEpoch);
        var folder = new RunFolder(template.File);
        var plan = new AppPlan(template, app, new AppPorts(3500, 50001, 0, 0), LogFiles.ForApp(log, folder, app, 0, now), LogFiles.ForSidecar(log, folder, app, 0, now));
        var journal = new RunJournal(folder, new RunRecord(template.File, "t", ProcessIdentity.Current, now));
        return new AppRunner(plan, new FakeSidecar(), log, journal, time ?? TimeProvider.System);
    }

    private Task LineAsync(string part) => Eventually.TrueAsync(() => Text().Contains(part, StringComparison.Ordinal), $"a line with '{part}'");

    private string Text()
    {
        lock (_console)
            return _text.ToString();
    }
}
