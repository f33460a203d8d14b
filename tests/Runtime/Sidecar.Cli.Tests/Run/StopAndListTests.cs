using TestSupport;

namespace Sidecar.Cli.Tests.Run;

public sealed class StopAndListTests : RunFixture
{
    [Fact]
    public async Task Stop_ends_the_run_and_its_apps()
    {
        var template = Template("a", Waiting);
        await using var run = DaprCli.Start(Folder, "run", "-f", template);
        await run.LineAsync("all 1 apps are healthy");

        var (code, output) = await DaprCli.RunAsync(Folder, "stop", "-f", Folder.Path);

        Assert.Equal(0, code);
        Assert.Contains($"stopped {template} (pid {run.Pid})", output);
        Assert.Equal(0, await run.Exited.WithinAsync("the end of the run"));
    }

    [Fact]
    public async Task Stop_of_what_does_not_run_says_so()
    {
        var (code, output) = await DaprCli.RunAsync(Folder, "stop", "-f", Template("a", Waiting));

        Assert.Equal(0, code);
        Assert.Contains("is not running", output);
    }

    [Fact]
    public async Task Clean_removes_data_and_logs_and_nothing_else()
    {
        var template = Template("a", "true");
        await DaprCli.RunAsync(Folder, "run", "-f", template);
        Folder.Write("a/.dapr/data/state.db", "x");
        Folder.Write("a/.dapr/config.yaml", "kept");
        Assert.True(Directory.Exists(Folder.File("a/.dapr/logs")));

        var (code, _) = await DaprCli.RunAsync(Folder, "stop", "--clean", "-f", template);

        Assert.Equal(0, code);
        Assert.Equal([Folder.File("a/.dapr/config.yaml")], Directory.GetFileSystemEntries(Folder.File("a/.dapr")));
        Assert.False(Directory.Exists(Folder.File(".dapr")));
    }

    [Fact]
    public async Task List_shows_running_apps_in_the_columns_of_the_official_command_line()
    {
        await using var run = DaprCli.Start(Folder, "run", "-f", Template(("a", Waiting, ""), ("b", Waiting, "")));
        await run.LineAsync("all 2 apps are healthy");

        var (code, output) = await DaprCli.RunAsync(Folder, "list");

        Assert.Equal(0, code);
        var rows = output.Split('\n');
        Assert.Equal(["APP ID", "HTTP PORT", "GRPC PORT", "APP PORT", "COMMAND", "AGE", "CREATED", "DAPRD PID", "CLI PID"], rows[0].Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        Assert.Equal(3, rows.Length);
        Assert.StartsWith("a  ", rows[1]);
        Assert.EndsWith($"{run.Pid}", rows[1]);
        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));
    }

    [Fact]
    public async Task List_has_the_same_fields_in_json_and_yaml()
    {
        await using var run = DaprCli.Start(Folder, "run", "--app-id", "a", "--", "sleep", "1000");
        await run.LineAsync("a is healthy");
        var json = (await ListAsync())["a"];

        var (code, output) = await DaprCli.RunAsync(Folder, "list", "-o", "yaml");

        Assert.Equal(0, code);
        var lines = output.Split('\n');
        Assert.Equal("- appId: \"a\"", lines[0]);
        Assert.Contains("  command: \"sleep 1000\"", lines);
        Assert.Contains($"  httpPort: {json.GetProperty("httpPort").GetRawText()}", lines);
        Assert.Equal(json.EnumerateObject().Select(field => field.Name), lines.Select(line => line[2..line.IndexOf(':', StringComparison.Ordinal)]));
    }

    [Fact]
    public async Task List_without_a_run_is_empty()
    {
        Assert.Empty(await ListAsync());
        Assert.Equal("[]", (await DaprCli.RunAsync(Folder, "list", "-o", "yaml")).Output);
        Assert.Contains("No Dapr instances found", (await DaprCli.RunAsync(Folder, "list")).Output);
    }

    [Theory]
    [InlineData("rnu", "unknown command or argument 'rnu'; did you mean 'run'?")]
    [InlineData("run -f x --isolate", "unknown flag '--isolate'; did you mean '--isolated'?")]
    [InlineData("list -o xml", "'xml'")]
    [InlineData("run -f no/such/folder", "no/such/folder")]
    [InlineData("stop -f no/such/folder", "no/such/folder")]
    public async Task Wrong_words_are_named_and_fail(string arguments, string named)
    {
        var (code, output) = await DaprCli.RunAsync(Folder, arguments.Split(' '));

        Assert.Equal(1, code);
        Assert.Contains(named, output);
    }

    [Fact]
    public async Task Version_and_help_answer()
    {
        var (code, version) = await DaprCli.RunAsync(Folder, "--version");
        Assert.Equal(0, code);
        Assert.Contains("Runtime version: 1.18.0", version);

        (code, var help) = await DaprCli.RunAsync(Folder, "--help");
        Assert.Equal(0, code);
        Assert.All(new[] { "run", "stop", "list", "logs", "invoke", "publish", "components", "status", "init", "uninstall", "version", "completion" }, command => Assert.Contains($"  {command} ", help));
    }
}
