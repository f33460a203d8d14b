using Sidecar.Cli.Tests.Run;
using Sidecar.Components;
using TestSupport;

namespace Sidecar.Cli.Tests.Commands;

public sealed class StopTests : RunFixture
{
    [Fact]
    public async Task Apps_are_stopped_by_their_ids()
    {
        await using var a = DaprCli.Start(Folder, "run", "--app-id", "a", "--", "sh", "-c", Waiting);
        await using var b = DaprCli.Start(Folder, "run", "--app-id", "b");
        await using var c = DaprCli.Start(Folder, "run", "--app-id", "c");
        await using var d = DaprCli.Start(Folder, "run", "--app-id", "d");
        foreach (var (run, name) in new[] { (a, "a"), (b, "b"), (c, "c"), (d, "d") })
            await run.LineAsync($"{name} is healthy");

        var (code, output) = await DaprCli.RunAsync(Folder, "stop", "--app-id", "a", "-a", "b", "c");

        Assert.Equal(0, code);
        Assert.Contains($"stopped a (pid {a.Pid})", output);
        Assert.Contains($"stopped c (pid {c.Pid})", output);
        Assert.Equal(0, await a.Exited.WithinAsync("the end of a"));
        Assert.Equal(0, await b.Exited.WithinAsync("the end of b"));
        Assert.Equal(["d"], (await ListAsync()).Keys);
    }

    [Theory]
    [InlineData()]
    [InlineData("--isolated")]
    public async Task One_app_of_a_template_is_stopped_with_its_sidecar_and_the_others_go_on(params string[] mode)
    {
        await using var run = DaprCli.Start(Folder, ["run", "-f", Template(("a", Waiting, ""), ("b", Waiting, "")), .. mode]);
        await run.LineAsync("all 2 apps are healthy");
        var (a, b) = (await run.PrintedPidAsync("a"), await run.PrintedPidAsync("b"));

        var (code, output) = await DaprCli.RunAsync(Folder, "stop", "-a", "a");

        Assert.Equal(0, code);
        Assert.Contains($"stopped a (pid {a})", output);
        await GoneAsync(a, "the app that was stopped");
        Assert.NotNull(ProcessIdentity.Of(b));
        Assert.Equal(["b"], (await ListAsync()).Keys);
        Assert.Equal(0, (await DaprCli.RunAsync(Folder, "stop", "-a", "b")).Code);
        Assert.Equal(0, await run.Exited.WithinAsync("the end of the run with its last app"));
    }

    [Fact]
    public async Task An_app_that_is_stopped_is_not_started_again_whatever_its_template_says()
    {
        await using var run = DaprCli.Start(Folder, "run", "-f", Template(("a", Waiting, "restart: on-failure"), ("b", Waiting, "")));
        await run.LineAsync("all 2 apps are healthy");
        var a = await run.PrintedPidAsync("a");

        Assert.Equal(0, (await DaprCli.RunAsync(Folder, "stop", "-a", "a")).Code);

        Assert.DoesNotContain("started again", await run.LineAsync("a ended with exit code 143"));
        await GoneAsync(a, "the app that was stopped");
    }

    [Fact]
    public async Task An_app_whose_sidecar_refuses_for_want_of_its_token_goes_on()
    {
        var environment = new Dictionary<string, string> { ["DAPR_API_TOKEN"] = "secret" };
        await using var run = DaprCli.Start(Folder, environment, "run", "-f", Template(("a", Waiting, ""), ("b", Waiting, "")));
        await run.LineAsync("all 2 apps are healthy");

        var (code, output) = await DaprCli.RunAsync(Folder, "stop", "-a", "a");

        Assert.Equal(1, code);
        Assert.Contains("the sidecar of a refuses to stop: 401", output);
        Assert.Contains("set DAPR_API_TOKEN", output);
        Assert.NotNull(ProcessIdentity.Of(await run.PrintedPidAsync("a")));
    }

    [Fact]
    public async Task An_app_that_does_not_run_is_told_and_the_others_are_stopped()
    {
        await using var run = DaprCli.Start(Folder, "run", "--app-id", "orders");
        await run.LineAsync("orders is healthy");

        var (code, output) = await DaprCli.RunAsync(Folder, "stop", "-a", "oders", "-a", "orders");

        Assert.Equal(1, code);
        Assert.Contains("no app 'oders' is running (running are orders); did you mean 'orders'?", output);
        Assert.Equal(0, await run.Exited.WithinAsync("the end of the run"));
    }

    [Theory]
    [InlineData("", "say what to stop")]
    [InlineData("-a a -f .", "give one of the two")]
    [InlineData("-a a --clean", "needs -f")]
    [InlineData("-k -a a", "is for Kubernetes")]
    public async Task Words_that_do_not_go_together_are_refused(string arguments, string told)
    {
        var (code, output) = await DaprCli.RunAsync(Folder, ["stop", .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        Assert.Equal(1, code);
        Assert.Contains(told, output);
    }
}
