using System.Diagnostics;
using Sidecar.Cli.Processes;
using Sidecar.Cli.Runs;
using Sidecar.Components;
using TestSupport;

namespace Sidecar.Cli.Tests.Run;

/// <summary>However a run ends, nothing of it stays.</summary>
public sealed class ProcessOwnershipTests : RunFixture
{
    [Theory]
    [InlineData(SigInt)]
    [InlineData(SigTerm)]
    [InlineData(SigHup)]
    public async Task A_signal_ends_every_process_with_exit_code_0(int signal)
    {
        await using var run = DaprCli.Start(Folder, "run", "-f", Template(("a", Waiting, ""), ("b", Waiting, "")));
        var (pids, child) = (new[] { await run.PrintedPidAsync("a"), await run.PrintedPidAsync("b") }, await run.PrintedPidAsync("a", "child"));
        await run.LineAsync("all 2 apps are healthy");

        Assert.Equal(0, await run.SignalAndWaitAsync(signal));

        Assert.All(pids, pid => Assert.Null(ProcessIdentity.Of(pid)));
        await GoneAsync(child, "the app's child");
        Assert.Empty(await ListAsync());
        Assert.False(File.Exists(new RunFolder(Folder.File("dapr.yaml")).RecordFile));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Kill_9_of_the_run_takes_apps_their_children_and_sidecars_with_it(bool isolated)
    {
        await using var run = DaprCli.Start(Folder, ["run", "-f", Template("a", Waiting), .. isolated ? ["--isolated"] : Array.Empty<string>()]);
        var (app, child) = (await run.PrintedPidAsync("a"), await run.PrintedPidAsync("a", "child"));
        await run.LineAsync("all 1 apps are healthy");
        var daprd = (await ListAsync())["a"].GetProperty("daprdPid").GetInt32();

        run.Signal(SigKill);

        await GoneAsync(app, "the app");
        await GoneAsync(child, "the app's child");
        await GoneAsync(daprd, "the sidecar");
        Assert.Equal(isolated, daprd != run.Pid);
    }

    [Fact]
    public async Task An_app_that_ignores_the_request_to_end_is_killed_when_its_time_is_over()
    {
        await using var run = DaprCli.Start(Folder, "run", "-f", Template("deaf", "trap '' TERM; echo pid=$$; while :; do sleep 1; done"));
        var app = await run.PrintedPidAsync("deaf");

        var clock = Stopwatch.StartNew();
        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));

        Assert.True(clock.Elapsed > TimeSpan.FromSeconds(4.5), $"took {clock.Elapsed}");
        Assert.Null(ProcessIdentity.Of(app));
    }

    [Fact]
    public async Task A_second_signal_ends_all_at_once()
    {
        await using var run = DaprCli.Start(Folder, "run", "-f", Template("deaf", "trap '' TERM; echo pid=$$; while :; do sleep 1; done"));
        var app = await run.PrintedPidAsync("deaf");
        run.Signal(SigInt);

        // At once, for the app has only some seconds after the first; and of another kind, since two of one may become one.
        Assert.Equal(130, await run.SignalAndWaitAsync(SigTerm));

        Assert.Contains("stopping", run.Output);
        Assert.Null(ProcessIdentity.Of(app));
    }

    [Fact]
    public async Task Apps_hear_of_the_end_before_it_comes()
    {
        await using var run = DaprCli.Start(Folder, "run", "-f", Template("a", "trap 'echo goodbye; exit 0' TERM; echo pid=$$; while :; do sleep 0.05; done"));
        await run.PrintedPidAsync("a");

        Assert.Equal(0, await run.SignalAndWaitAsync(SigInt));

        Assert.Contains("== APP - a == goodbye", run.Output);
    }

    [Fact]
    public async Task The_next_run_ends_what_a_run_without_a_guardian_left()
    {
        var template = Template("a", Waiting);
        await using var survivor = ChildProcess.Start(
            new ChildSpec(["sleep", "1000"], Folder.Path, new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" }), _ => ValueTask.CompletedTask);
        var record = new RunRecord(template, "t", new ProcessIdentity(1, "of a killed run"), DateTimeOffset.UtcNow)
        {
            Apps = [new AppRecord("a", 0, 0, 0, "sleep 1000") { App = survivor.Identity }],
        };
        record.Write(new RunFolder(template).RecordFile);

        await using var run = DaprCli.Start(Folder, "run", "-f", template);

        Assert.Equal(128 + SigKill, await survivor.Exited.WithinAsync("the end of the survivor"));
        await run.LineAsync($"ended what a killed run had left: a (pid {survivor.Pid})");
        await run.LineAsync("all 1 apps are healthy");
        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));
    }

    [Fact]
    public async Task After_kill_9_the_same_template_runs_again()
    {
        var port = FreePorts.Next();
        var template = Template("a", Waiting, $"daprHTTPPort: {port}");
        await using (var first = DaprCli.Start(Folder, "run", "-f", template))
        {
            await first.LineAsync("all 1 apps are healthy");
            await first.SignalAndWaitAsync(SigKill);
        }

        await using var second = DaprCli.Start(Folder, "run", "-f", template);

        await second.LineAsync("all 1 apps are healthy");
        Assert.Equal(0, await second.SignalAndWaitAsync(SigTerm));
    }
}
