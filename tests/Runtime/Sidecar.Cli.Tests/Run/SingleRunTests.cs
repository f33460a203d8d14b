using System.Net;
using System.Net.Sockets;
using Sidecar.Components;
using TestSupport;

namespace Sidecar.Cli.Tests.Run;

/// <summary>One app per <c>dapr run</c>, as on the first page of Dapr's documentation.</summary>
public sealed class SingleRunTests : RunFixture
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Single_runs_of_a_user_find_each_other(bool callerIsolated, bool calleeIsolated)
    {
        await using var app = await TestApp.StartAsync(app => app.On("/greet", 200, "\"hello\""));
        await using var callee = Start(calleeIsolated, "--app-id", "callee", "--app-port", $"{app.Port}");
        await using var caller = Start(callerIsolated, "--app-id", "caller");
        await callee.LineAsync("callee is healthy");
        await caller.LineAsync("caller is healthy");

        var listed = await ListAsync();
        using var answer = await PostAsync(listed["caller"].GetProperty("httpPort").GetInt32(), "/v1.0/invoke/callee/method/greet");

        Assert.Equal("\"hello\"", await answer.Content.ReadAsStringAsync());
        Assert.Equal(app.Port, listed["callee"].GetProperty("appPort").GetInt32());
        Assert.Equal(callerIsolated, listed["caller"].GetProperty("daprdPid").GetInt32() != caller.Pid);
        Assert.Equal("", listed["caller"].GetProperty("runTemplatePath").GetString());
        Assert.Equal(0, await caller.SignalAndWaitAsync(SigInt));
        Assert.DoesNotContain("caller", (await ListAsync()).Keys);
    }

    [Fact]
    public async Task The_app_finds_its_environment_and_is_shown_as_by_the_official_command_line()
    {
        var (port, http) = (FreePorts.Next(), FreePorts.Next());
        var (code, output) = await DaprCli.RunAsync(
            Folder, "run", "--app-id", "a", "-p", $"{port}", "-H", $"{http}", "-P", "HTTP", "--", "sh", "-c", "env | sort; pwd; echo wrong >&2");

        Assert.Equal(0, code);
        var lines = output.Split('\n');
        Assert.All(
            new[] { "APP_ID=a", $"APP_PORT={port}", $"DAPR_HTTP_PORT={http}", "APP_CHANNEL_ADDRESS=127.0.0.1", "APP_PROTOCOL=http", Folder.Path, "wrong" },
            line => Assert.Contains($"== APP == {line}", lines));
        Assert.Contains(lines, line => line.StartsWith("time=", StringComparison.Ordinal) && line.Contains("app_id=a", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("a ended with exit code 0", StringComparison.Ordinal) && !line.Contains("goes on", StringComparison.Ordinal));
        Assert.False(Directory.Exists(Folder.File(".dapr")));
    }

    [Fact]
    public async Task Words_after_two_dashes_are_the_apps_whatever_they_look_like()
    {
        var (code, output) = await DaprCli.RunAsync(Folder, "run", "-a", "a", "--", "echo", "--app-id", "-x", "@file", "--", "two words", "");

        Assert.Equal(0, code);
        Assert.Contains("== APP == --app-id -x @file -- two words ", output.Split('\n'));
    }

    [Fact]
    public async Task A_command_needs_no_dashes_when_it_has_no_flags()
    {
        var (code, output) = await DaprCli.RunAsync(Folder, "run", "echo", "hello", "--app-id", "a");

        Assert.Equal(0, code);
        Assert.Contains("== APP == hello", output.Split('\n'));
    }

    [Theory]
    [InlineData("exit 3")]
    [InlineData("kill -9 $$")]
    public async Task A_run_fails_with_its_app(string script)
    {
        var (code, output) = await DaprCli.RunAsync(Folder, "run", "--app-id", "a", "--", "sh", "-c", script);

        Assert.Equal(1, code);
        Assert.Contains("a ended with exit code", output);
    }

    [Fact]
    public async Task A_program_that_does_not_exist_is_named()
    {
        var (code, output) = await DaprCli.RunAsync(Folder, "run", "--app-id", "a", "--", "no-such-program");

        Assert.Equal(1, code);
        Assert.Contains("a: cannot start 'no-such-program': no such program in PATH", output);
    }

    [Fact]
    public async Task Kill_9_of_the_run_takes_the_app_and_its_children_with_it()
    {
        await using var run = Start(isolated: true, "--app-id", "a", "--", "sh", "-c", Waiting);
        var (app, child) = (await run.PrintedPidAsync(appId: null), await run.PrintedPidAsync(appId: null, "child"));
        Assert.All((int[])[app, child], pid => Assert.NotNull(ProcessIdentity.Of(pid)));
        await run.LineAsync("a is healthy");
        var daprd = (await ListAsync())["a"].GetProperty("daprdPid").GetInt32();

        run.Signal(SigKill);

        await GoneAsync(app, "the app");
        await GoneAsync(child, "the app's child");
        await GoneAsync(daprd, "the sidecar");
        Assert.Empty(await ListAsync());
        Assert.Equal(0, (await DaprCli.RunAsync(Folder, "run", "--app-id", "a", "--", "true")).Code);
    }

    [Fact]
    public async Task An_app_without_a_name_gets_one_and_without_a_command_only_the_sidecar_runs()
    {
        await using var first = Start(isolated: false);
        await using var second = Start(isolated: false);
        await first.LineAsync("is healthy");
        await second.LineAsync("is healthy");
        await first.LineAsync("the app is called ");
        await second.LineAsync("the app is called ");

        var names = (await ListAsync()).Keys;

        Assert.Equal(2, names.Count);
        Assert.All(names, name => Assert.Contains($"the app is called {name}", first.Output + second.Output));
        await first.LineAsync("only the sidecar runs");
    }

    [Fact]
    public async Task An_app_that_runs_already_is_refused_with_what_to_do()
    {
        await using var first = Start(isolated: false, "--app-id", "a");
        await first.LineAsync("a is healthy");

        var (code, output) = await DaprCli.RunAsync(Folder, "run", "--app-id", "a");

        Assert.Equal(1, code);
        Assert.Contains($"--app-id: an app 'a' is running already (pid {first.Pid}); stop it with: dapr stop -a a", output);
    }

    [Fact]
    public async Task An_app_of_a_template_that_runs_is_refused_too()
    {
        var template = Template("a", Waiting);
        await using var run = DaprCli.Start(Folder, "run", "-f", template);
        await run.LineAsync("all 1 apps are healthy");

        var (code, output) = await DaprCli.RunAsync(Folder, "run", "--app-id", "a");

        Assert.Equal(1, code);
        Assert.Contains($"(pid {run.Pid}, of {template})", output);
    }

    [Fact]
    public async Task A_port_in_use_is_named_by_its_flag_and_holder()
    {
        using var held = new TcpListener(IPAddress.Loopback, 0);
        held.Start();
        var port = ((IPEndPoint)held.LocalEndpoint).Port;

        var (code, output) = await DaprCli.RunAsync(Folder, "run", "--app-id", "a", "--dapr-http-port", $"{port}");

        Assert.Equal(1, code);
        Assert.Contains($"--dapr-http-port {port} is in use by", output);
    }

    [Fact]
    public async Task Everything_wrong_is_told_at_once_in_words_of_the_flags()
    {
        var (code, output) = await DaprCli.RunAsync(
            Folder, "run", "--app-id", "a.b", "--app-port", "x", "--log-level", "inf", "-d", "no/such/folder", "--config", "no.yaml", "--app-protocol", "htp");

        Assert.Equal(1, code);
        Assert.All(
            new[]
            {
                "--app-id: expected a name without a dot, found 'a.b'", "--app-port: expected an integer from 0 to 65535", "--log-level: expected debug", "did you mean 'info'?",
                $"--resources-path: expected a folder: '{Folder.File("no/such/folder")}' does not exist", $"--config: expected a file: '{Folder.File("no.yaml")}'",
                "--app-protocol: expected http", "nothing was started: 6 problems",
            },
            text => Assert.Contains(text, output));
    }

    [Fact]
    public async Task A_broken_component_keeps_it_from_starting_with_file_and_line()
    {
        var component = Folder.Write("resources/state.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: store\nspec:\n  type: state.sqllite\n  version: v1\n");

        var (code, output) = await DaprCli.RunAsync(Folder, "run", "--app-id", "a", "--resources-path", "resources", "--", "true");

        Assert.Equal(1, code);
        Assert.Contains($"{component}:6: spec.type: component 'store'", output);
        Assert.Contains("did you mean 'state.sqlite'?", output);
    }

    [Fact]
    public async Task Without_resources_path_the_users_components_and_configuration_are_taken()
    {
        Folder.Write(
            "home/.dapr/components/state.yaml",
            "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: store\nspec:\n  type: state.in-memory\n  version: v1\n");
        Folder.Write(".dapr/resources/other.yaml", "this is not read for a single app");
        var configuration = Folder.Write("home/.dapr/config.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata:\n  name: c\nspec:\n  unknown: true\n");
        Assert.Contains(configuration, (await DaprCli.RunAsync(Folder, "run", "--app-id", "a")).Output);
        Folder.Write("home/.dapr/config.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata:\n  name: c\nspec: {}\n");
        await using var run = Start(isolated: false, "--app-id", "a");
        await run.LineAsync("a is healthy");

        var metadata = await MetadataAsync((await ListAsync())["a"].GetProperty("httpPort").GetInt32());

        Assert.Equal("store", Assert.Single(metadata.GetProperty("components").EnumerateArray()).GetProperty("name").GetString());
        Assert.DoesNotContain("there are no components", run.Output);
    }

    [Fact]
    public async Task Without_any_components_it_says_so_and_runs()
    {
        var (code, output) = await DaprCli.RunAsync(Folder, "run", "--app-id", "a", "--", "true");

        Assert.Equal(0, code);
        Assert.Contains("there are no components", output);
        Assert.DoesNotContain("deprecated", output);
    }

    [Fact]
    public async Task An_old_name_of_a_flag_works_and_is_told_of()
    {
        var component = Folder.Write("old/state.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: store\nspec:\n  type: state.in-memory\n  version: v1\n");

        var (code, output) = await DaprCli.RunAsync(Folder, "run", "--app-id", "a", "--components-path", Path.GetDirectoryName(component)!, "--", "true");

        Assert.Equal(0, code);
        Assert.Contains("warning: --components-path is deprecated; say --resources-path", output);
        Assert.DoesNotContain("there are no components", output);
    }

    [Fact]
    public async Task A_home_that_cannot_be_written_is_named_with_the_way_out()
    {
        var environment = new Dictionary<string, string> { ["DAPR_RUNTIME_PATH"] = Folder.Write("file", "") };
        await using var run = DaprCli.Start(Folder, environment, "run", "--app-id", "a", "--", "true");

        Assert.Equal(1, await run.Exited.WithinAsync("the end of the run"));
        Assert.Contains($"{Folder.File("file/.dapr/apps")} cannot be written", run.Output);
        Assert.Contains("DAPR_RUNTIME_PATH names another place", run.Output);
    }

    [Fact]
    public async Task Logs_of_the_last_runs_are_kept_and_older_ones_removed()
    {
        for (var run = 10; run < 18; run++)
            Folder.Write($"home/.dapr/apps/a_app_202601010101{run}.log", "");
        Folder.Write("home/.dapr/apps/a_b_app_20260101010100.log", "");
        File.SetLastWriteTimeUtc(Folder.Write("home/.dapr/apps/forgotten_app_20200101010100.log", ""), new DateTime(2020, 1, 1));

        await DaprCli.RunAsync(Folder, "run", "--app-id", "a", "--", "echo", "hello");

        var logs = Directory.GetFiles(Folder.File("home/.dapr/apps"), "a_app_*.log").Order().ToArray();
        Assert.Equal(6, logs.Length);
        Assert.EndsWith("a_app_20260101010113.log", logs[0]);
        Assert.Equal("hello", File.ReadAllText(logs[^1]).Trim());
        Assert.True(File.Exists(Folder.File("home/.dapr/apps/a_b_app_20260101010100.log")));
        Assert.False(File.Exists(Folder.File("home/.dapr/apps/forgotten_app_20200101010100.log")));
    }

    [Theory]
    [InlineData("-f . --app-id a", "--app-id: with -f the template says it all")]
    [InlineData("-f . echo", "echo: with -f the template says it all")]
    [InlineData("--components redis", "needs -f")]
    [InlineData("--app-prot 5 true", "unknown flag '--app-prot'; did you mean '--app-port'?")]
    [InlineData("-a a node --inspect app.js", "unknown flag '--inspect'")]
    [InlineData("-H 5000 -G 5000", "--dapr-grpc-port: expected a free port: 5000 is given twice")]
    [InlineData("-k", "dapr run -k is for Kubernetes")]
    public async Task Words_that_do_not_go_together_are_refused(string arguments, string told)
    {
        var (code, output) = await DaprCli.RunAsync(Folder, ["run", .. arguments.Split(' ')]);

        Assert.Equal(1, code);
        Assert.Contains(told, output);
    }

    [Fact]
    public async Task A_watched_app_is_started_again_when_its_script_changes()
    {
        Folder.Write("app/app.sh", "echo first; sleep 1000");
        await using var run = Start(isolated: false, "--app-id", "a", "--watch", "--", "sh", "app/app.sh");
        await run.LineAsync("== APP == first");
        await run.LineAsync("a is healthy");

        Folder.Write("app/app.sh", "echo second; sleep 1000");

        await run.LineAsync("== APP == second");
    }

    [Fact]
    public async Task The_sidecars_metadata_names_no_template()
    {
        await using var run = Start(isolated: false, "--app-id", "a", "--", "sh", "-c", Waiting);
        await run.LineAsync("a is healthy");

        var extended = await ExtendedMetadataAsync((await ListAsync())["a"].GetProperty("httpPort").GetInt32());

        Assert.Equal($"{run.Pid}", extended["cliPID"]);
        Assert.StartsWith("sh -c ", extended["appCommand"]);
        Assert.NotNull(ProcessIdentity.Of(int.Parse(extended["appPID"])));
        Assert.DoesNotContain("runTemplatePath", extended.Keys);
    }

    private DaprCli Start(bool isolated, params string[] arguments) => DaprCli.Start(Folder, ["run", .. isolated ? ["--isolated"] : Array.Empty<string>(), .. arguments]);
}
