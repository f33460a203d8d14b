using System.Net;
using System.Net.Sockets;
using Sidecar.Components;
using TestSupport;

namespace Sidecar.Cli.Tests.Run;

public sealed class RunTests : RunFixture
{
    [Fact]
    public async Task Apps_find_what_the_contract_promises_in_their_environment()
    {
        var template = Template("a", "env | sort; echo pid=$$; pwd; sleep 1000", "appPort: " + FreePorts.Next() + "\nenv:\n  COLOR: blue\n  APP_PROTOCOL: mine");
        await using var run = DaprCli.Start(
            Folder, new Dictionary<string, string> { ["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "1", ["DAPR_METRICS_PORT"] = "1" }, "run", "-f", template);
        await run.PrintedPidAsync("a");

        Assert.Equal("a", await run.PrintedAsync("a", "APP_ID"));
        Assert.Equal("127.0.0.1", await run.PrintedAsync("a", "APP_CHANNEL_ADDRESS"));
        Assert.Equal("blue", await run.PrintedAsync("a", "COLOR"));
        Assert.Equal("mine", await run.PrintedAsync("a", "APP_PROTOCOL"));
        var listed = (await ListAsync())["a"];
        Assert.Equal(listed.GetProperty("appPort").GetRawText(), await run.PrintedAsync("a", "APP_PORT"));
        Assert.Equal(listed.GetProperty("httpPort").GetRawText(), await run.PrintedAsync("a", "DAPR_HTTP_PORT"));
        Assert.Equal(listed.GetProperty("grpcPort").GetRawText(), await run.PrintedAsync("a", "DAPR_GRPC_PORT"));
        await run.LineAsync($"== APP - a == {Folder.File("a")}");
        Assert.DoesNotContain("DAPR_METRICS_PORT", run.Output);
        Assert.DoesNotContain("INLINE_COMPLETIONS", run.Output);
    }

    [Fact]
    public async Task The_sidecars_metadata_tells_who_launched_what()
    {
        var template = Template("a", Waiting);
        await using var run = DaprCli.Start(Folder, "run", "-f", template);
        await run.LineAsync("all 1 apps are healthy");
        var listed = (await ListAsync())["a"];

        var extended = await ExtendedMetadataAsync(listed.GetProperty("httpPort").GetInt32());

        Assert.Equal($"{run.Pid}", extended["cliPID"]);
        Assert.Equal(await run.PrintedAsync("a", "pid"), extended["appPID"]);
        Assert.StartsWith("sh -c ", extended["appCommand"]);
        Assert.Equal(template, extended["runTemplatePath"]);
        Assert.Equal(Path.GetFileName(Folder.Path), extended["runTemplateName"]);
        Assert.True(File.Exists(extended["appLogPath"]));
        Assert.True(File.Exists(extended["daprdLogPath"]));
    }

    [Fact]
    public async Task A_crash_is_reported_with_its_code_and_last_lines_and_takes_nobody_down()
    {
        await using var run = DaprCli.Start(Folder, "run", "-f", Template(("good", Waiting, ""), ("bad", "echo it is broken >&2; exit 9", "")));

        await run.LineAsync("bad ended with exit code 9");
        await run.LineAsync("    it is broken");
        await run.LineAsync("good is healthy");

        var listed = await ListAsync();
        Assert.NotEmpty(await ExtendedMetadataAsync(listed["bad"].GetProperty("httpPort").GetInt32()));
        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));
    }

    [Theory]
    [InlineData("exit 0", "exit 0", 0)]
    [InlineData("exit 0", "exit 3", 1)]
    public async Task When_all_apps_have_ended_the_run_ends_and_fails_if_one_of_them_failed(string first, string second, int code)
    {
        var (ended, output) = await DaprCli.RunAsync(Folder, "run", "-f", Template(("a", first, ""), ("b", second, "")));

        Assert.Equal(code, ended);
        Assert.Contains("all apps have ended", output);
    }

    [Fact]
    public async Task A_program_that_does_not_exist_is_named_and_the_others_run()
    {
        var template = Template(("good", Waiting, ""), ("bad", "", "command: [no-such-program]"));
        await using var run = DaprCli.Start(Folder, "run", "-f", template);

        await run.LineAsync("bad: cannot start 'no-such-program'");
        await run.LineAsync("1 of 2 apps are healthy");
        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));
    }

    [Fact]
    public async Task Every_fixed_port_in_use_is_named_with_its_holder_before_anything_starts()
    {
        using var held = new TcpListener(IPAddress.Loopback, 0);
        held.Start();
        var port = ((IPEndPoint)held.LocalEndpoint).Port;

        var (code, output) = await DaprCli.RunAsync(Folder, "run", "-f", Template(("a", Waiting, $"appPort: {port}"), ("b", Waiting, $"daprHTTPPort: {FreePorts.Next()}")));

        Assert.Equal(1, code);
        Assert.Contains($"a: appPort {port} is in use by", output);
        Assert.Contains($" {Environment.ProcessId} (", output);
        Assert.DoesNotContain("== APP", output);
    }

    [Fact]
    public async Task Everything_wrong_in_template_and_resources_is_told_at_once_and_nothing_starts()
    {
        var template = Template(("a", Waiting, "appPort: many"), ("b", Waiting, "daprHtttpPort: 1"));
        var component = Folder.Write("resources/state.yaml", Component("state.reddis"));

        var (code, output) = await DaprCli.RunAsync(Folder, "run", "-f", template);

        Assert.Equal(1, code);
        Assert.Contains($"{component}:6: spec.type: component 'store': this runtime has no driver for state.reddis yet", output);
        Assert.Contains("nothing was started: 3 problems", output);
        Assert.Matches($"{template}:\\d+: .*appPort", output);
        Assert.Matches($"{template}:\\d+: .*daprHtttpPort", output);
        Assert.DoesNotContain("== APP", output);
    }

    [Fact]
    public async Task A_broken_resource_that_apps_share_is_told_once_with_file_and_line()
    {
        var template = Template(("a", Waiting, ""), ("b", Waiting, ""));
        var component = Folder.Write("resources/state.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: store\nspec:\n  typ: state.sqlite\n  version: v1\n");

        var (code, output) = await DaprCli.RunAsync(Folder, "run", "-f", template);

        Assert.Equal(1, code);
        Assert.Contains(output.Split('\n'), line => line.StartsWith($"{component}:6:", StringComparison.Ordinal));
        Assert.Single(output.Split('\n'), line => line.Contains("spec.typ:", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData()]
    [InlineData("--isolated")]
    public async Task A_component_that_cannot_start_ends_the_run_and_is_told_once(params string[] mode)
    {
        var template = Template(("a", Waiting, ""), ("b", Waiting, ""));
        var component = Folder.Write("resources/state.yaml", Component("state.sqlite", Folder.Write("broken.db", "no database")));

        var (code, output) = await DaprCli.RunAsync(Folder, ["run", "-f", template, .. mode]);

        Assert.Equal(1, code);
        Assert.Single(output.Split('\n'), line => line.Contains("not a sound SQLite database", StringComparison.Ordinal));
        Assert.True(output.Contains($"the sidecars of a, b cannot start: component store (state.sqlite, {component}:1)", StringComparison.Ordinal), output);
        Assert.Contains($"no app was started; logs: {Folder.File("a/.dapr/logs")}", output);
        Assert.DoesNotContain("== APP", output);
    }

    [Fact]
    public async Task A_set_of_components_without_drivers_is_refused_with_the_set_that_can_be_run()
    {
        Folder.Write("sets/etcd/state.yaml", Component("state.etcd"));
        Folder.Write("sets/embedded/state.yaml", Component("state.in-memory", null));
        Directory.CreateDirectory(Folder.File("a"));
        var template = Folder.Write(
            "dapr.yaml",
            "version: 1\ncommon:\n  resourcesPath: ./sets/etcd\ncomponentSets:\n  folder: ./sets\n  default: embedded\napps:\n  - appDirPath: a\n    command: [\"true\"]\n");

        var (code, output) = await DaprCli.RunAsync(Folder, "run", "-f", template, "--components", "etcd");

        Assert.Equal(1, code);
        Assert.Contains("this runtime has no driver for state.etcd yet", output);
        Assert.Contains("without --components etcd the set embedded is taken", output);
        Assert.Equal(0, (await DaprCli.RunAsync(Folder, "run", "-f", template)).Code);
    }

    [Fact]
    public async Task A_subscription_to_a_pubsub_that_no_app_has_is_warned_of()
    {
        var template = Template(("a", "exit 0", ""), ("b", "exit 0", ""));
        Folder.Write("resources/pubsub.yaml", Component("pubsub.in-memory", null) + "scopes: [a]\n");
        Folder.Write("resources/right.yaml", Subscription("right", "store"));
        var wrong = Folder.Write("resources/wrong.yaml", Subscription("wrong", "stroe"));

        var (code, output) = await DaprCli.RunAsync(Folder, "run", "-f", template);

        Assert.Equal(0, code);
        Assert.Contains($"warning: {wrong}:1: spec.pubsubname: no app that reads subscription 'wrong' has a pubsub component 'stroe'", output);
        Assert.DoesNotContain("'right'", output);
    }

    [Fact]
    public async Task A_home_that_cannot_be_written_costs_only_the_list()
    {
        var environment = new Dictionary<string, string> { ["DAPR_RUNTIME_PATH"] = Folder.Write("file", "") };
        await using var run = DaprCli.Start(Folder, environment, "run", "-f", Template("a", "exit 0"));

        Assert.Equal(0, await run.Exited.WithinAsync("the end of the run"));
        Assert.Contains("dapr list will not show this run: ", run.Output);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_named_and_not_taken_for_another_run()
    {
        var template = Template("a", Waiting);
        Folder.Write(".dapr", "a file");

        var (code, output) = await DaprCli.RunAsync(Folder, "run", "-f", template);

        Assert.Equal(1, code);
        Assert.Contains($"{Folder.File(".dapr/run")} cannot be written", output);
        Assert.DoesNotContain("already running", output);
    }

    [Fact]
    public async Task A_second_run_of_a_template_is_refused_and_says_who_runs_it()
    {
        var template = Template("a", Waiting);
        await using var first = DaprCli.Start(Folder, "run", "-f", template);
        await first.LineAsync("all 1 apps are healthy");

        var (code, output) = await DaprCli.RunAsync(Folder, "run", "-f", template);

        Assert.Equal(1, code);
        Assert.Contains($"(pid {first.Pid})", output);
        Assert.Equal(0, await first.SignalAndWaitAsync(SigTerm));
    }

    [Fact]
    public async Task A_sidecar_that_fails_ends_its_own_app_and_no_other()
    {
        await using var run = DaprCli.Start(Folder, "run", "-f", Template(("good", Waiting, ""), ("bad", Waiting, "")));
        await run.LineAsync("all 2 apps are healthy");
        var (good, bad) = (await run.PrintedPidAsync("good"), await run.PrintedPidAsync("bad"));
        var listed = await ListAsync();

        using var forced = await PostAsync(listed["bad"].GetProperty("httpPort").GetInt32(), "/v1.0/shutdown", ("dapr-force-shutdown", "true"));

        await run.LineAsync("the sidecar of bad failed with exit code 1");
        await GoneAsync(bad, "the app of the failed sidecar");
        Assert.NotNull(ProcessIdentity.Of(good));
        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));
    }

    [Fact]
    public async Task Components_needs_the_key_in_the_template()
    {
        var (code, output) = await DaprCli.RunAsync(Folder, "run", "-f", Template("a", Waiting), "--components", "redis");

        Assert.Equal(1, code);
        Assert.Contains("componentSets", output);
    }

    [Fact]
    public async Task The_component_set_is_swapped_and_said_in_one_line()
    {
        Folder.Write("sets/one/x.yaml", "");
        Folder.Write("sets/two/x.yaml", "");
        Directory.CreateDirectory(Folder.File("a"));
        var template = Folder.Write(
            "dapr.yaml",
            "version: 1\ncommon:\n  resourcesPath: ./sets/one\ncomponentSets:\n  folder: ./sets\n  default: one\napps:\n  - appDirPath: a\n    command: [\"true\"]\n");

        var (code, output) = await DaprCli.RunAsync(Folder, "run", "-f", template, "--components", "two");

        Assert.Equal(0, code);
        Assert.Single(output.Split('\n'), line => line.Contains("components: one -> two", StringComparison.Ordinal));
    }

    private static string Component(string type, string? connectionString = "x.db") =>
        $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: store\nspec:\n  type: {type}\n  version: v1\n" +
        (connectionString is null ? "" : $"  metadata:\n  - name: connectionString\n    value: {connectionString}\n");

    private static string Subscription(string name, string pubsub) =>
        $"apiVersion: dapr.io/v2alpha1\nkind: Subscription\nmetadata:\n  name: {name}\nspec:\n  pubsubname: {pubsub}\n  topic: t\n  routes:\n    default: /t\n";
}
