using Sidecar.Cli.Tests.Run;
using TestSupport;

namespace Sidecar.Cli.Tests.Commands;

public sealed class LogsTests : RunFixture
{
    [Fact]
    public async Task The_log_of_an_app_and_of_its_sidecar_are_shown()
    {
        await using var run = DaprCli.Start(Folder, "run", "-f", Template(("a", Waiting, ""), ("b", "echo other; sleep 1000", "")));
        await run.LineAsync("all 2 apps are healthy");
        var pid = await run.PrintedPidAsync("a");

        var app = await DaprCli.RunAsync(Folder, "logs", "-a", "a");
        var sidecar = await DaprCli.RunAsync(Folder, "logs", "--app-id", "a", "--sidecar");

        Assert.Equal((0, 0), (app.Code, sidecar.Code));
        Assert.Contains($"pid={pid}", app.Output.Split('\n'));
        Assert.DoesNotContain("other", app.Output);
        Assert.Contains("level=info", sidecar.Output);
    }

    [Fact]
    public async Task Following_goes_on_until_the_run_ends()
    {
        await using var run = DaprCli.Start(Folder, "run", "--app-id", "a", "--", "sh", "-c", "echo first; while [ ! -f go ]; do sleep 0.05; done; echo second; while [ ! -f end ]; do sleep 0.05; done; echo third");
        await run.LineAsync("first");
        await using var logs = DaprCli.Start(Folder, "logs", "-a", "a", "--follow");
        await logs.LineAsync("first");

        Folder.Write("go", "");
        await logs.LineAsync("second");
        Folder.Write("end", "");

        Assert.Equal(0, await logs.Exited.WithinAsync("the end of the log"));
        Assert.EndsWith("third", logs.Output);
    }

    [Fact]
    public async Task The_last_run_of_an_app_is_shown_when_it_has_ended()
    {
        await DaprCli.RunAsync(Folder, "run", "--app-id", "a", "--", "echo", "hello");
        Folder.Write(".dapr/logs/a_app_20200101000000.log", "long ago");
        Folder.Write(".dapr/logs/t_app_20200101000000.log", "of a template here");

        Assert.Equal((0, "hello"), await DaprCli.RunAsync(Folder, "logs", "-a", "a"));
        Assert.Equal((0, "of a template here"), await DaprCli.RunAsync(Folder, "logs", "-a", "t"));
    }

    [Fact]
    public async Task A_log_that_is_not_there_is_told_with_the_reason()
    {
        await using var run = DaprCli.Start(Folder, "run", "--app-id", "alone");
        await run.LineAsync("alone is healthy");

        Assert.Contains("no app 'x' is running (running are alone)", (await DaprCli.RunAsync(Folder, "logs", "-a", "x")).Output);
        var (code, output) = await DaprCli.RunAsync(Folder, "logs", "-a", "alone");
        Assert.Equal(1, code);
        Assert.Contains("alone has no log: it is not a process of its run (--sidecar shows its sidecar's)", output);
        Assert.Contains("is for Kubernetes", (await DaprCli.RunAsync(Folder, "logs", "-k", "-a", "x")).Output);
    }
}
