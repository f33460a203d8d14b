using System.Text.Json;
using Sidecar.Cli.Tests.Run;
using TestSupport;

namespace Sidecar.Cli.Tests.Commands;

/// <summary>Commands that a user of Dapr tries first.</summary>
public sealed class HousekeepingTests : RunFixture
{
    [Theory]
    [InlineData("init")]
    [InlineData("init --slim --runtime-version 1.18.0")]
    public async Task Init_has_nothing_to_install_writes_nothing_and_scripts_go_on(string arguments)
    {
        var (code, output) = await DaprCli.RunAsync(Folder, arguments.Split(' '));

        Assert.Equal(0, code);
        Assert.Contains("nothing to install", output);
        Assert.Contains($"{Folder.File("home/.dapr/components")} (not there)", output);
        Assert.Empty(Directory.GetFileSystemEntries(Folder.Path));
    }

    [Fact]
    public async Task Uninstall_names_what_runs_leave()
    {
        var (code, output) = await DaprCli.RunAsync(Folder, "uninstall", "--all");

        Assert.Equal(0, code);
        Assert.Contains("nothing to uninstall", output);
        Assert.Contains(Folder.File("home/.dapr/names.db"), output);
    }

    [Fact]
    public async Task Status_tells_versions_defaults_and_running_apps()
    {
        Folder.Write("home/.dapr/components/x.yaml", "");
        await using var run = DaprCli.Start(Folder, "run", "--app-id", "a");
        await run.LineAsync("a is healthy");

        var (code, output) = await DaprCli.RunAsync(Folder, "status");

        Assert.Equal(0, code);
        Assert.Contains("speaks Dapr 1.18.0", output);
        Assert.Contains($"{Folder.File("home/.dapr/components")}, for runs", output);
        Assert.Contains("running apps:   a", output);
    }

    [Fact]
    public async Task Version_has_the_official_forms()
    {
        Assert.Contains("Runtime version: 1.18.0", (await DaprCli.RunAsync(Folder, "version")).Output);
        Assert.Contains("Runtime version: 1.18.0", (await DaprCli.RunAsync(Folder, "-v")).Output);
        var json = JsonDocument.Parse((await DaprCli.RunAsync(Folder, "version", "-o", "json")).Output).RootElement;
        Assert.Equal("1.18.0", json.GetProperty("Runtime version").GetString());
    }

    [Theory]
    [InlineData("dashboard -p 9999")]
    [InlineData("annotate -k deployment.yaml")]
    [InlineData("mtls export -o .")]
    [InlineData("configurations -k")]
    [InlineData("scheduler list")]
    [InlineData("workflow list --app-id a")]
    [InlineData("upgrade -k --runtime-version 1.18.0")]
    public async Task An_official_command_that_is_not_here_says_who_has_it(string arguments)
    {
        var (code, output) = await DaprCli.RunAsync(Folder, arguments.Split(' '));

        Assert.Equal(1, code);
        Assert.StartsWith($"dapr {arguments.Split(' ')[0]} is not here: it ", Assert.Single(output.Split('\n')));
        Assert.Contains("the official Dapr CLI has it", output);
    }

    [Theory]
    [InlineData("init -k")]
    [InlineData("uninstall -k --all")]
    [InlineData("status -k")]
    [InlineData("list -k")]
    public async Task What_is_for_Kubernetes_says_so(string arguments)
    {
        var (code, output) = await DaprCli.RunAsync(Folder, arguments.Split(' '));

        Assert.Equal(1, code);
        Assert.Contains($"dapr {arguments.Split(' ')[0]} -k is for Kubernetes", output);
    }

    [Fact]
    public async Task A_shell_completes_commands_and_flags()
    {
        if (OperatingSystem.IsWindows())
            return;
        Folder.Write("dapr", $"#!/bin/sh\nexec dotnet {Path.Combine(AppContext.BaseDirectory, "dapr.dll")} \"$@\"\n");
        File.SetUnixFileMode(Folder.File("dapr"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Folder.Write("try.sh", """
            PATH=$PWD:$PATH
            source <(dapr completion bash)
            ask() { COMP_LINE=$1; COMP_POINT=${#1}; COMP_WORDS=(dapr); _dapr dapr "${1##* }"; echo "$1: ${COMPREPLY[*]}"; }
            ask "dapr pub"
            ask "dapr run --app-p"
            """);

        await using var shell = TestProcess.Start("bash", ["try.sh"], Folder.Path);

        await shell.LineAsync("dapr pub: publish");
        Assert.Equal(["--app-port", "--app-protocol"], (await shell.LineAsync("dapr run --app-p: "))["dapr run --app-p: ".Length..].Split(' ').Order());
    }
}
