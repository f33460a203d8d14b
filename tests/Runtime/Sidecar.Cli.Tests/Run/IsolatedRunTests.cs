using System.Net;
using System.Net.Sockets;
using Sidecar.Cli.Processes;
using Sidecar.Components;
using TestSupport;

namespace Sidecar.Cli.Tests.Run;

public sealed class IsolatedRunTests : RunFixture
{
    [Fact]
    public async Task Each_app_has_a_daprd_process_of_its_own_that_knows_its_launcher()
    {
        await using var run = DaprCli.Start(Folder, "run", "--isolated", "-f", Template(("a", Waiting, ""), ("b", Waiting, "")));
        await run.LineAsync("all 2 apps are healthy");

        var listed = await ListAsync();
        var daprds = listed.Values.Select(app => app.GetProperty("daprdPid").GetInt32()).ToArray();
        Assert.Equal(2, daprds.Append(run.Pid).Distinct().Count() - 1);
        var extended = await ExtendedMetadataAsync(listed["a"].GetProperty("httpPort").GetInt32());
        Assert.Equal($"{run.Pid}", extended["cliPID"]);
        Assert.Equal(await run.PrintedAsync("a", "pid"), extended["appPID"]);

        Assert.Equal(0, await run.SignalAndWaitAsync(SigInt));
        foreach (var pid in daprds)
            await GoneAsync(pid, "a sidecar");
    }

    [Fact]
    public async Task A_killed_daprd_is_started_again_and_its_app_lives_on()
    {
        await using var run = DaprCli.Start(Folder, "run", "--isolated", "-f", Template("a", Waiting));
        await run.LineAsync("all 1 apps are healthy");
        var before = (await ListAsync())["a"];
        var app = await run.PrintedPidAsync("a");

        ProcessIdentity.Of(before.GetProperty("daprdPid").GetInt32())!.Kill();

        await run.LineAsync("ended with exit code 137 (signal SIGKILL); starting it again");
        await run.LineAsync("daprd of a is healthy again");
        var after = (await ListAsync())["a"];
        Assert.NotEqual(before.GetProperty("daprdPid").GetInt32(), after.GetProperty("daprdPid").GetInt32());
        Assert.Equal(before.GetProperty("httpPort").GetInt32(), after.GetProperty("httpPort").GetInt32());
        Assert.Equal($"{app}", (await ExtendedMetadataAsync(after.GetProperty("httpPort").GetInt32()))["appPID"]);
        Assert.NotNull(ProcessIdentity.Of(app));
        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));
    }

    [Theory]
    [InlineData("::1")]
    [InlineData("0.0.0.0")]
    public async Task A_daprd_that_listens_elsewhere_is_asked_there(string address)
    {
        Assert.SkipUnless(CanBind(address), $"this machine has no {address}");
        await using var run = DaprCli.Start(Folder, "run", "--isolated", "-f", Template("a", Waiting, $"apiListenAddresses: '{address}'"));

        await run.LineAsync("all 1 apps are healthy");
        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));
    }

    [Fact]
    public async Task A_daprd_that_ends_without_a_word_ends_the_run_with_its_code_and_last_lines()
    {
        var daprd = Folder.Write("daprd", "#!/bin/sh\necho half a start\nexit 9\n");
        File.SetUnixFileMode(daprd, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using var run = DaprCli.Start(Folder, new Dictionary<string, string> { ["DAPRD_PATH"] = daprd }, "run", "--isolated", "-f", Template("a", Waiting));

        Assert.Equal(1, await run.Exited.WithinAsync("the end of the run"));
        Assert.Contains("daprd of a ended with exit code 9 before it served", run.Output);
        Assert.Contains("    half a start", run.Output);
        Assert.DoesNotContain("== APP", run.Output);
    }

    [Fact]
    public async Task In_memory_pubsub_is_refused_with_the_reason()
    {
        var template = Template("a", Waiting);
        var component = Folder.Write("resources/pubsub.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: events\nspec:\n  type: pubsub.in-memory\n  version: v1\n");

        var (code, output) = await DaprCli.RunAsync(Folder, "run", "--isolated", "-f", template);

        Assert.Equal(1, code);
        Assert.Contains($"{component}:1: events: pubsub.in-memory lives in the memory of one process", output);
    }

    private static bool CanBind(string address)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Parse(address), 0);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
