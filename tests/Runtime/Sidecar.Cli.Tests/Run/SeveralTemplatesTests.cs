using Sidecar.Cli.Processes;
using Sidecar.Cli.Runs;
using Sidecar.Components;
using TestSupport;

namespace Sidecar.Cli.Tests.Run;

/// <summary><c>dapr run -f one -f other</c>: the apps of several templates in one run.</summary>
public sealed class SeveralTemplatesTests : RunFixture
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Apps_of_all_templates_are_one_group_that_is_listed_by_template_and_ends_as_one(bool isolated)
    {
        var (first, second) = (Template("a", Waiting), Other("x", Waiting));
        string[] mode = isolated ? ["--isolated"] : [];
        await using var run = DaprCli.Start(Folder, ["run", "-f", first, "-f", second, .. mode]);
        await run.LineAsync("all 2 apps are healthy");
        await run.LineAsync($"dapr stop -f {first} -f {second}");

        var listed = await ListAsync();
        Assert.Equal((first, second), (Text(listed["a"], "runTemplatePath"), Text(listed["x"], "runTemplatePath")));
        Assert.Equal((Path.GetFileName(Folder.Path), "other"), (Text(listed["a"], "runTemplateName"), Text(listed["x"], "runTemplateName")));
        Assert.Equal(second, (await ExtendedMetadataAsync(listed["x"].GetProperty("httpPort").GetInt32()))["runTemplatePath"]);
        Assert.Equal($"pid={await run.PrintedPidAsync("x")}", (await DaprCli.RunAsync(Folder, "logs", "-a", "x")).Output.Split('\n')[^1]);

        // They know each other: that app x has no port is found out by its own sidecar.
        var http = listed["a"].GetProperty("httpPort").GetInt32();
        using var reply = await PostAsync(http, "/v1.0/invoke/x/method/m");
        using var stranger = await PostAsync(http, "/v1.0/invoke/y/method/m");
        Assert.Contains("x has no app", await reply.Content.ReadAsStringAsync());
        Assert.Contains("couldn't find service: y", await stranger.Content.ReadAsStringAsync());

        var (code, output) = await DaprCli.RunAsync(Folder, "stop", "-f", second, "-f", first);
        Assert.Equal(0, code);
        Assert.Contains($"stopped {first} and {second} (pid {run.Pid})", output);
        Assert.Equal(0, await run.Exited.WithinAsync("the end of the run"));
        Assert.False(File.Exists(new RunFolder(second).RecordFile));
    }

    [Fact]
    public async Task Stop_of_one_template_ends_its_apps_alone_and_clean_waits_for_the_rest()
    {
        var (first, second) = (Template("a", Waiting), Other("x", Waiting));
        await using var run = DaprCli.Start(Folder, "run", "-f", first, "-f", second);
        await run.LineAsync("all 2 apps are healthy");
        var (a, x) = (await run.PrintedPidAsync("a"), await run.PrintedPidAsync("x"));

        var (code, output) = await DaprCli.RunAsync(Folder, "stop", "--clean", "-f", second);

        Assert.Contains($"stopped x (pid {x}) of {first} and {second}", output);
        Assert.Contains($"{second} is running; nothing was removed; stop and clean all of the run with: dapr stop -f {first} -f {second} --clean", output);
        Assert.Equal(1, code);
        await GoneAsync(x, "the app of the second template");
        Assert.NotNull(ProcessIdentity.Of(a));
        Assert.Equal(["a"], (await ListAsync()).Keys);

        // What is left is the first template's: the run has nothing else to run for.
        var (_, rest) = await DaprCli.RunAsync(Folder, "stop", "-f", first);
        Assert.Contains($"stopped {first} and {second} (pid {run.Pid})", rest);
        await run.Exited.WithinAsync("the end of the run");

        var (cleaned, removed) = await DaprCli.RunAsync(Folder, "stop", "--clean", "-f", first, "-f", second);
        Assert.Equal(0, cleaned);
        Assert.Contains($"removed {Folder.File("a/.dapr/logs")}", removed);
        Assert.Contains($"removed {Folder.File("other/x/.dapr/logs")}", removed);
        Assert.False(Directory.Exists(Folder.File("other/.dapr")));
    }

    [Fact]
    public async Task A_template_of_a_run_cannot_be_run_a_second_time()
    {
        var (first, second) = (Template("a", Waiting), Other("x", Waiting));
        await using var run = DaprCli.Start(Folder, "run", "-f", first, "-f", second);
        await run.LineAsync("all 2 apps are healthy");

        var (code, output) = await DaprCli.RunAsync(Folder, "run", "-f", second);

        Assert.Equal(1, code);
        Assert.Contains($"{second} is already running (pid {run.Pid}); stop it with: dapr stop -f {first} -f {second}", output);
        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));
    }

    [Fact]
    public async Task After_a_kill_either_template_may_be_run_again_and_its_logs_are_found_after_the_end()
    {
        var (first, second) = (Template("a", Waiting), Other("x", Waiting));
        await using (var killed = DaprCli.Start(Folder, "run", "-f", first, "-f", second))
        {
            await killed.LineAsync("all 2 apps are healthy");
            var x = await killed.PrintedPidAsync("x");
            killed.Signal(SigKill);
            await GoneAsync(x, "the app of the second template");
        }

        await using var run = DaprCli.Start(Folder, "run", "-f", second, "-f", first);
        await run.LineAsync("all 2 apps are healthy");
        var pid = await run.PrintedPidAsync("x");
        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));

        var (code, log) = await DaprCli.RunAsync(Folder, "logs", "-a", "x");
        Assert.Equal(0, code);
        Assert.Contains($"pid={pid}", log);
    }

    [Fact]
    public async Task What_is_taken_twice_keeps_all_from_starting_and_names_both_files()
    {
        var (first, second) = (Template("a", Waiting, "appPort: 21077"), Other("a", Waiting, "appPort: 21077"));

        var (code, output) = await DaprCli.RunAsync(Folder, "run", "-f", first, "-f", second);

        Assert.Equal(1, code);
        Assert.Contains($"{second}:3: apps[0].appID: expected another app id: 'a' is taken by the app at line 5 of {first}", output);
        Assert.Contains($"is taken by apps[0].appPort at line 8 of {first}", output);
        Assert.Contains("nothing was started: 2 problems", output);
    }

    [Fact]
    public async Task An_app_whose_program_is_not_here_is_skipped_with_those_that_depend_on_it()
    {
        var first = Template(
            ("a", Waiting, ""),
            ("b", "exit 3", "requires: [sh, no-such-program-1, no-such-program-2]"),
            ("c", "exit 3", "dependsOn: [b]"),
            ("d", Waiting, "requires: [sh]"));
        var second = Other("x", "exit 3", "dependsOn: [c]");
        await using var run = DaprCli.Start(Folder, "run", "-f", first, "-f", second);

        await run.LineAsync("all 2 apps are healthy");

        await run.LineAsync("b is skipped: it requires no-such-program-1 and no-such-program-2, which are not in PATH; install them to run b");
        await run.LineAsync("c is skipped: it depends on b");
        await run.LineAsync("x is skipped: it depends on c");
        Assert.Equal(["a", "d"], (await ListAsync()).Keys.Order(StringComparer.Ordinal));
        var (code, output) = await DaprCli.RunAsync(Folder, "stop", "-f", second);
        Assert.Equal((0, $"there was nothing to stop in the run of {first} and {second}"), (code, output));
        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));
    }

    [Fact]
    public async Task An_app_that_requires_nothing_is_started_and_fails_aloud()
    {
        await using var run = DaprCli.Start(Folder, "run", "-f", Template(("a", Waiting, ""), ("b", "", "command: [no-such-program]")));

        await run.LineAsync("b: cannot start 'no-such-program': no such program in PATH");
        await run.LineAsync("1 of 2 apps are healthy");
        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));
    }

    [Fact]
    public async Task A_run_of_which_everything_is_skipped_is_a_failure()
    {
        var (code, output) = await DaprCli.RunAsync(Folder, "run", "-f", Template("a", Waiting, "requires: [no-such-program]"));

        Assert.Equal(1, code);
        Assert.Contains("a is skipped", output);
        Assert.Contains("every app is skipped, so there is nothing to run", output);
    }

    [Fact]
    public async Task Sources_of_all_templates_are_watched()
    {
        var (first, second) = (Template("a", "", "command: [sh, app.sh]"), Other("x", "", "command: [sh, app.sh]"));
        Folder.Write("a/app.sh", "echo first=$$; exec sleep 1000");
        Folder.Write("other/x/app.sh", "echo first=$$; exec sleep 1000");
        await using var run = DaprCli.Start(Folder, "run", "--watch", "-f", first, "-f", second);
        await run.LineAsync("all 2 apps are healthy");
        var a = await run.PrintedPidAsync("a", "first");

        Folder.Write("other/x/app.sh", "echo second=$$; exec sleep 1000");

        await run.PrintedPidAsync("x", "second");
        Assert.NotNull(ProcessIdentity.Of(a));
        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));
    }

    /// <summary>A second template, in a folder of its own, with one app and no resources.</summary>
    private string Other(string id, string script, string extra = "")
    {
        Directory.CreateDirectory(Folder.File($"other/{id}"));
        var command = script.Length > 0 ? $"command: [sh, -c, {System.Text.Json.JsonSerializer.Serialize(script)}]" : "";
        return Folder.Write("other/dapr.yaml", $"version: 1\napps:\n  - appID: {id}\n    appDirPath: {id}\n    {extra}\n    {command}\n");
    }

    private static string? Text(System.Text.Json.JsonElement row, string field) => row.GetProperty(field).GetString();
}
