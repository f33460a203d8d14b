using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Sidecar.Cli.Processes;
using TestSupport;

namespace Sidecar.Cli.Tests.Scripts;

/// <summary>The root scripts, in a small copy of the tree, with a <c>dotnet</c> that only notes what it is asked.</summary>
public sealed class ScriptTests : IDisposable
{
    private const string Dotnet =
        """
        #!/bin/sh
        echo "$*" >>"$CALLS"
        case $1 in
          --version) exit "${SDK_CODE:-0}" ;;
          --list-sdks) [ -n "${NO_SDK:-}" ] || echo '8.0.100 [/usr/share/dotnet/sdk]' ;;
          build)
            if [ -n "${BUILD_FAILS:-}" ]; then
              echo 'Orders.cs(1,2): error CS1002: ; expected'
              echo 'Orders.cs(1,2): error CS1002: ; expected'
              exit 1
            fi
            sleep 0.2
            mkdir -p "$ROOT/artifacts/bin/Sidecar.Cli/release"
            : >"$ROOT/artifacts/bin/Sidecar.Cli/release/dapr.dll" ;;
          *Sidecar.Cli*) shift; echo "program: $*" ;;
          *)
            name=$(basename "$1" .dll)
            report=$(echo "$*" | sed -n 's/.*--report-ctrf-filename \([^ ]*\).*/\1/p')
            [ -f "$ROOT/$name.json" ] && cp "$ROOT/$name.json" "$ROOT/artifacts/tests/$report"
            echo "output of $name"
            exit "$(cat "$ROOT/$name.code" 2>/dev/null || echo 0)" ;;
        esac
        """;

    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly TempFolder _root = new();
    private readonly Dictionary<string, string> _environment;

    public ScriptTests()
    {
        foreach (var script in new[] { "dapr", "test", ".ci/build.sh", ".ci/run" })
            Put(script, File.ReadAllText(RepositoryRoot.Combine(script)));
        Put("bin/dotnet", Dotnet);
        foreach (var file in new[] { "src/Orders/Program.cs", "Dapr.slnf", "Dapr.sln", "global.json", "Directory.Build.props" })
            _root.Write(file, "");
        _environment = new Dictionary<string, string>
        {
            ["PATH"] = $"{_root.File("bin")}:{Environment.GetEnvironmentVariable("PATH")}",
            ["CALLS"] = _root.File("calls"),
            ["ROOT"] = _root.Path,
        };
    }

    private int Builds => File.Exists(_root.File("calls")) ? File.ReadLines(_root.File("calls")).Count(call => call.StartsWith("build ", StringComparison.Ordinal)) : 0;

    [Fact]
    public async Task The_first_run_builds_and_the_next_goes_straight_to_the_program()
    {
        Assert.Equal((0, "dapr: building...\nprogram: run -f ."), await RunAsync("dapr", "run", "-f", "."));
        Assert.Equal((0, "program: run -f ."), await RunAsync("dapr", "run", "-f", "."));

        Assert.Equal(1, Builds);
        Assert.Contains("Dapr.slnf -c Release", File.ReadAllText(_root.File("calls")));
    }

    [Theory]
    [InlineData("src/Orders/Program.cs")]
    [InlineData("src/Orders/New.cs")]
    [InlineData("Directory.Build.props")]
    public async Task A_changed_or_new_source_is_built(string file)
    {
        await RunAsync("dapr", "run");
        _root.Write(file, "changed");

        Assert.Equal((0, "dapr: building...\nprogram: run"), await RunAsync("dapr", "run"));
    }

    [Fact]
    public async Task A_deleted_source_is_noticed()
    {
        await RunAsync("dapr", "run");
        File.Delete(_root.File("src/Orders/Program.cs"));

        await RunAsync("dapr", "run");

        Assert.Equal(2, Builds);
    }

    [Fact]
    public async Task Calls_at_once_build_once()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => RunAsync("dapr", "run")));

        Assert.All(results, result => Assert.Equal(0, result.Code));
        Assert.All(results, result => Assert.EndsWith("program: run", result.Output));
        Assert.Equal(1, Builds);
    }

    [Fact]
    public async Task What_only_asks_or_stops_does_not_wait_for_a_build()
    {
        await RunAsync("dapr", "run");
        _root.Write("src/Orders/Program.cs", "half edited");

        Assert.Equal((0, "program: stop -f . --clean"), await RunAsync("dapr", "stop", "-f", ".", "--clean"));
    }

    [Fact]
    public async Task A_failed_build_shows_each_error_once_and_is_tried_again()
    {
        _environment["BUILD_FAILS"] = "1";
        Assert.Equal((1, "dapr: building...\nOrders.cs(1,2): error CS1002: ; expected"), await RunAsync("dapr", "run"));

        _environment.Remove("BUILD_FAILS");
        Assert.Equal(0, (await RunAsync("dapr", "run")).Code);
    }

    [Theory]
    [InlineData("dapr")]
    [InlineData("test")]
    public async Task Without_dotnet_the_scripts_say_what_to_install(string script)
    {
        File.Delete(_root.File("bin/dotnet"));
        foreach (var tool in new[] { "sh", "bash", "env", "dirname", "cat", "find", "xargs", "grep", "basename", "sort", "head", "mkdir" })
            File.CreateSymbolicLink(_root.File($"bin/{tool}"), File.Exists($"/usr/bin/{tool}") ? $"/usr/bin/{tool}" : $"/bin/{tool}");
        _root.Write("tests/A/A.csproj", "");
        _environment["PATH"] = _root.File("bin");

        var (code, output) = await RunAsync(script, "run");

        Assert.Equal(1, code);
        Assert.Contains("the .NET 10 SDK is needed, and there is no 'dotnet' in PATH", output);
        Assert.Contains("https://dotnet.microsoft.com", output);
    }

    [Theory]
    [InlineData("", "the .NET SDKs found here are too old: 8.0.100")]
    [InlineData("1", "here is only a .NET runtime, without an SDK")]
    public async Task With_an_old_sdk_or_none_the_script_says_what_to_install(string noSdk, string reason)
    {
        _environment["SDK_CODE"] = "1";
        _environment["NO_SDK"] = noSdk;

        var (code, output) = await RunAsync("dapr", "run");

        Assert.Equal(1, code);
        Assert.Contains($"the .NET 10 SDK is needed, and {reason}", output);
        Assert.Equal(0, Builds);
    }

    [Fact]
    public async Task A_tree_that_cannot_be_written_is_named()
    {
        _root.Write("artifacts", "a file");

        Assert.Equal((1, $"dapr: a build writes to {_root.File("artifacts")}, and that cannot be written; use a copy of this tree that can"), await RunAsync("dapr", "run"));
    }

    [Fact]
    public async Task The_scripts_find_their_tree_through_links_and_from_other_folders()
    {
        Directory.CreateDirectory(_root.File("my bin"));
        File.CreateSymbolicLink(_root.File("my bin/absolute"), _root.File("dapr"));
        File.CreateSymbolicLink(_root.File("my bin/relative"), "../dapr");
        File.CreateSymbolicLink(_root.File("my bin/twice"), "relative");

        foreach (var link in new[] { "absolute", "relative", "twice" })
            Assert.EndsWith("program: run", (await RunAsync($"my bin/{link}", "run")).Output);
    }

    [Theory]
    [InlineData("", 0, "4 passed, 0 failed", "Shop.EndToEnd@redis: skipped, there is no redis; tools/brokers install")]
    [InlineData("true", 1, "4 passed, 1 failed", "Shop.EndToEnd@redis: not run, and CI=true forbids that; missing: redis")]
    public async Task The_shop_is_tested_on_each_set_and_a_set_without_its_servers_is_told(string ci, int expected, string last, string told)
    {
        Project("Shop.EndToEnd", passed: 4, failed: 0);
        foreach (var set in (string[])["embedded", "redis"])
            _root.Write($"components/{set}/pubsub.yaml", "");
        Put("tools/brokers", "#!/bin/sh\n[ \"$1\" != missing ] || { echo redis; exit 1; }\n");
        _environment["CI"] = ci;

        var (code, output) = await RunAsync("test");

        Assert.Equal(expected, code);
        Assert.EndsWith($"\n{last}", output);
        Assert.Contains(told, output, StringComparison.Ordinal);
        Assert.Matches(new Regex("^Shop.EndToEnd@embedded +4 passed, 0 failed", RegexOptions.Multiline), output);
    }

    [Fact]
    public async Task Tests_of_all_projects_are_summed_up_in_the_last_line()
    {
        Project("A.Tests", passed: 3, failed: 0);
        Project("Shop.EndToEnd", passed: 4, failed: 0);

        var (code, output) = await RunAsync("test");

        Assert.Equal(0, code);
        Assert.EndsWith("\n7 passed, 0 failed", output);
        Assert.Matches(new Regex("^A.Tests +3 passed, 0 failed", RegexOptions.Multiline), output);
        Assert.DoesNotContain("output of", output);
    }

    [Fact]
    public async Task A_failed_test_fails_the_whole_and_shows_the_output_of_its_project()
    {
        Project("A.Tests", passed: 3, failed: 2, code: 2);
        Project("B.Tests", passed: 1, failed: 0);

        var (code, output) = await RunAsync("test");

        Assert.Equal(1, code);
        Assert.EndsWith("\n4 passed, 2 failed", output);
        Assert.Contains("output of A.Tests", output);
        Assert.DoesNotContain("output of B.Tests", output);
    }

    [Theory]
    [InlineData(0, 139, "ran no test")]
    [InlineData(0, 0, "ran no test")]
    [InlineData(5, 134, "ended with code 134")]
    public async Task A_project_that_crashes_or_runs_nothing_counts_as_failed(int passed, int exitCode, string note)
    {
        Project("A.Tests", passed, failed: 0, exitCode, report: passed > 0);

        var (code, output) = await RunAsync("test");

        Assert.Equal(1, code);
        Assert.EndsWith($"\n{passed} passed, 1 failed", output);
        Assert.Contains(note, output);
    }

    [Fact]
    public async Task Names_choose_projects()
    {
        Project("Sidecar.Cli.Tests", passed: 3, failed: 0);
        Project("Other.Tests", passed: 5, failed: 0);

        Assert.EndsWith("\n5 passed, 0 failed", (await RunAsync("test", "other")).Output);

        var (code, output) = await RunAsync("test", "nosuch");
        Assert.Equal(1, code);
        Assert.Contains("no test project matches: nosuch", output);
    }

    [Fact]
    public void What_run_needs_is_all_in_the_filter_that_is_built()
    {
        var filter = File.ReadAllText(RepositoryRoot.Combine("Dapr.slnf"));
        var needed = new[] { "src/Services", "src/Runtime/Sidecar.Cli", "src/Runtime/Sidecar.Daprd" }
            .SelectMany(folder => Directory.EnumerateFiles(RepositoryRoot.Combine(folder), "*.csproj", SearchOption.AllDirectories))
            .Select(Path.GetFileName)
            .ToArray();

        Assert.NotEmpty(needed);
        Assert.All(needed, project => Assert.Contains(project!, filter));
    }

    public void Dispose() => _root.Dispose();

    private void Put(string file, string text) => File.SetUnixFileMode(_root.Write(file, text), Executable);

    private void Project(string name, int passed, int failed, int code = 0, bool report = true)
    {
        _root.Write($"tests/{name}/{name}.csproj", "<Project />");
        _root.Write($"{name}.code", $"{code}");
        if (report)
            _root.Write($"{name}.json", $$$"""{"results":{"tool":{"name":"x"},"summary":{"tests":{{{passed + failed}}},"passed":{{{passed}}},"failed":{{{failed}}},"skipped":0},"tests":[]}}""");
    }

    private async Task<(int Code, string Output)> RunAsync(string script, params string[] arguments)
    {
        var lines = new ConcurrentQueue<string>();
        await using var process = ChildProcess.Start(
            new ChildSpec(["sh", "-c", "exec \"$@\" 2>&1", "sh", _root.File(script), .. arguments], _root.Path, _environment),
            line =>
            {
                lines.Enqueue(line);
                return ValueTask.CompletedTask;
            },
            new FakeClock());
        var code = await process.Exited.WithinAsync($"the end of {script}");
        return (code, string.Join('\n', lines));
    }
}
