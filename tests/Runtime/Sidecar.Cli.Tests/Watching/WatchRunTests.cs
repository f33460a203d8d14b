using System.Diagnostics;
using Sidecar.Cli.Tests.Run;
using Sidecar.Components;
using TestSupport;

namespace Sidecar.Cli.Tests.Watching;

/// <summary><c>dapr run -f --watch</c>, with real projects and real builds.</summary>
public sealed class WatchRunTests : RunFixture
{
    /// <summary>Builds share the machine with the other tests.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task A_changed_project_is_built_and_its_apps_restart_and_a_build_that_fails_changes_nothing()
    {
        Write("shared", "Shared", "public static class Shared { public const string Word = \"a\"; }");
        Write("one", "One", Program("one"), "<OutputType>Exe</OutputType>", "<ProjectReference Include=\"../shared/Shared.csproj\" />");
        Write("two", "Two", Program("two"), "<OutputType>Exe</OutputType>", "<ProjectReference Include=\"../shared/Shared.csproj\" />");
        foreach (var app in (string[])["one/One.csproj", "two/Two.csproj"])
            await BuildAsync(app);
        var template = Template(("one", "", "command: [dotnet, bin/Debug/net10.0/One.dll]"), ("two", "", "command: [dotnet, run, --no-build]"));
        await using var run = DaprCli.Start(Folder, "run", "--watch", "-f", template);
        await run.LineAsync("watching 6 sources of one, two");
        await run.LineAsync("all 2 apps are healthy");
        Assert.Equal(("1", "1"), (await run.PrintedAsync("one", "one-a"), await run.PrintedAsync("two", "two-a")));
        var before = await ListAsync();

        // What both are made of: both.
        Folder.Write("shared/Shared.cs", "public static class Shared { public const string Word = \"b\"; }");
        await PrintedAsync(run, "one", "one-b");
        await PrintedAsync(run, "two", "two-b");
        await run.LineAsync("Shared.cs changed: building one, two");
        await run.LineAsync("two is healthy again after");
        var both = await ListAsync();
        Assert.All(before.Keys, app => Assert.NotEqual(Pid(before, app), Pid(both, app)));
        Assert.All(before.Keys, app => Assert.Equal(before[app].GetProperty("httpPort").GetInt32(), both[app].GetProperty("httpPort").GetInt32()));

        // A mistake: told with file and line, nothing ends.
        Folder.Write("one/One.cs", "this is no program");
        await EventuallyAsync(run, "one could not be built and stays as before:");
        await EventuallyAsync(run, $"{Folder.File("one/One.cs")}(1,");
        Assert.NotNull(ProcessIdentity.Of(Pid(both, "one")));

        // Mended: that one alone.
        Folder.Write("one/One.cs", Program("mended"));
        await PrintedAsync(run, "one", "mended-b");
        var last = await ListAsync();
        Assert.NotEqual(Pid(both, "one"), Pid(last, "one"));
        Assert.Equal(Pid(both, "two"), Pid(last, "two"));
        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));
    }

    [Fact]
    public async Task A_changed_script_restarts_its_app_also_one_that_had_ended()
    {
        var template = Template(("a", "", "command: [sh, app.sh]"), ("b", "", "command: [sh, app.sh]"), ("c", "exec sleep 1000", ""));
        Folder.Write("a/app.sh", "echo first=$$; exec sleep 1000");
        Folder.Write("b/app.sh", "exit 4");
        await using var run = DaprCli.Start(Folder, "run", "--watch", "-f", template);
        await run.LineAsync("c is not watched: its command does not tell what it is made of");
        var first = await run.PrintedPidAsync("a", "first");
        await run.LineAsync("b ended with exit code 4");
        await run.LineAsync("it is started again when its sources change");

        Folder.Write("a/app.sh", "echo second=$$; exec sleep 1000");
        Folder.Write("b/app.sh", "echo alive=$$; exec sleep 1000");

        Assert.NotEqual(first, await run.PrintedPidAsync("a", "second"));
        await run.PrintedPidAsync("b", "alive");
        await GoneAsync(first, "the old process");
        Assert.Equal(0, await run.SignalAndWaitAsync(SigInt));
    }

    [Fact]
    public async Task An_app_waits_for_another_that_a_changed_source_may_still_mend()
    {
        var template = Template(("a", "", $"command: [sh, app.sh]\nappPort: {FreePorts.Next()}"), ("b", Waiting, "dependsOn: [a]"));
        Folder.Write("a/app.sh", "exit 4");
        await using var run = DaprCli.Start(Folder, "run", "--watch", "-f", template);
        await run.LineAsync("a ended with exit code 4");

        Folder.Write("a/app.sh", "exec python3 -m http.server --bind 127.0.0.1 $APP_PORT");

        await run.LineAsync("b is healthy after");
        Assert.Equal(0, await run.SignalAndWaitAsync(SigInt));
    }

    [Fact]
    public async Task Named_folders_are_watched_and_the_named_command_builds()
    {
        var template = Template(("a", "cat built; echo pid=$$; exec sleep 1000", "watch: [src]\nbuild: [sh, make.sh]"));
        Folder.Write("a/src/text", "text=one\n");
        Folder.Write("a/built", "text=none\n");
        Folder.Write("a/make.sh", "grep -q good src/text || { echo the text is bad; exit 1; }; cp src/text built");
        await using var run = DaprCli.Start(Folder, "run", "--watch", "-f", template);
        await run.PrintedPidAsync("a");

        Folder.Write("a/src/text", "text=bad\n");
        await run.LineAsync("    the text is bad");
        Folder.Write("a/src/text", "text=good\n");

        await run.LineAsync("== APP - a == text=good");
        Assert.DoesNotContain("text=bad", run.Output);
        Assert.Equal(0, await run.SignalAndWaitAsync(SigInt));
    }

    [Fact]
    public async Task A_stop_in_the_middle_of_a_build_ends_the_build_too()
    {
        var template = Template(("a", "exec sleep 1000", "watch: [src]\nbuild: [sh, -c, 'echo $$ >building; exec sleep 1000']"));
        Folder.Write("a/src/text", "1");
        await using var run = DaprCli.Start(Folder, "run", "--watch", "-f", template);
        await run.LineAsync("all 1 apps are healthy");
        Folder.Write("a/src/text", "2");
        var build = await Eventually.GetAsync(() => Task.FromResult(File.ReadAllText(Folder.File("a/building")).Trim() is { Length: > 0 } text ? text : null), "the build");

        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));

        Assert.Null(ProcessIdentity.Of(int.Parse(build)));
    }

    private static Task<string> PrintedAsync(DaprCli run, string appId, string key) => EventuallyAsync(run, $"== APP - {appId} == {key}=");

    private static async Task<string> EventuallyAsync(DaprCli run, string part) => await Eventually.GetAsync(
        () => Task.FromResult(run.Output.Split('\n').FirstOrDefault(line => line.Contains(part, StringComparison.Ordinal))), $"a line with '{part}' in\n{run.Output}", Patience);

    private static int Pid(Dictionary<string, System.Text.Json.JsonElement> apps, string app) => apps[app].GetProperty("appPid").GetInt32();

    private static string Program(string name) => $"System.Console.WriteLine($\"{name}-{{Shared.Word}}=1\"); System.Threading.Thread.Sleep(-1);";

    private void Write(string folder, string name, string source, string properties = "", string items = "")
    {
        Folder.Write($"{folder}/{name}.cs", source);
        Folder.Write(
            $"{folder}/{name}.csproj",
            $"<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><TargetFramework>net10.0</TargetFramework>{properties}</PropertyGroup><ItemGroup>{items}</ItemGroup></Project>");
    }

    private async Task BuildAsync(string project)
    {
        await using var build = TestProcess.Start(
            "dotnet", ["build", Folder.File(project), "-v", "quiet", "-nologo", "-p:UseSharedCompilation=false", "-nodeReuse:false"], Folder.Path);
        Assert.Equal(0, await build.ExitAsync(Patience));
    }
}
