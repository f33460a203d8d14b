using System.Collections.Concurrent;
using System.Diagnostics;
using Sidecar.Cli.Processes;
using Sidecar.Components;
using TestSupport;

namespace Sidecar.Cli.Tests.Processes;

public sealed class ChildProcessTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ConcurrentQueue<string> _lines = new();

    [Fact]
    public async Task The_exit_code_passes_through()
    {
        await using var child = Start("exit 7");

        Assert.Equal(7, await child.Exited.WithinAsync("the end of the child"));
    }

    [Fact]
    public async Task All_lines_of_both_streams_are_delivered_before_the_end_is_told()
    {
        await using var child = Start("echo one; echo two >&2; printf three");

        await child.Exited.WithinAsync("the end of the child");

        Assert.Equal(["one", "three", "two"], _lines.Order());
    }

    [Fact]
    public async Task The_child_leads_a_process_group_and_session_of_its_own()
    {
        await using var child = Start("ps -o pgid=,sid= -p $$");

        await child.Exited.WithinAsync("the end of the child");

        var numbers = _lines.Single().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal([$"{child.Pid}", $"{child.Pid}"], numbers);
    }

    [Fact]
    public async Task The_child_reads_nothing_and_has_no_pipe_of_ours_open_but_its_output()
    {
        // What this test run was itself started with is passed on by the system and not our doing.
        var inherited = new DirectoryInfo("/proc/self/fd").EnumerateFiles().Select(file => file.LinkTarget).ToHashSet();
        await using var child = Start("cat; for fd in /proc/$$/fd/*; do printf '%s ' ${fd##*/}; readlink $fd || echo; done");

        await child.Exited.WithinAsync("the end of a child that reads its input");

        var open = _lines.Select(line => line.Split(' ')).Where(fd => fd.Length == 2).ToDictionary(fd => fd[0], fd => fd[1]);
        Assert.Equal("/dev/null", open["0"]);
        Assert.DoesNotContain(open, fd => fd.Key is not ("0" or "1" or "2") && fd.Value.StartsWith("pipe:", StringComparison.Ordinal) && !inherited.Contains(fd.Value));
    }

    [Fact]
    public async Task Signals_that_end_a_program_are_neither_ignored_nor_blocked_in_the_child()
    {
        await using var child = Start("grep -E 'Sig(Ign|Blk)' /proc/self/status");

        await child.Exited.WithinAsync("the end of the child");

        // Bits of HUP, INT, QUIT and TERM. PIPE stays ignored, which .NET hands on to every child.
        const long Ends = 0x4007;
        Assert.Equal(2, _lines.Count);
        Assert.All(_lines, line => Assert.Equal(0, Convert.ToInt64(line.Split('\t')[1], 16) & Ends));
    }

    [Fact]
    public async Task A_child_that_ends_takes_what_it_left_running_with_it()
    {
        await using var child = Start("sleep 1000 & echo $!; exit 3");

        Assert.Equal(3, await child.Exited.WithinAsync("the end of the child"));

        await GoneAsync(int.Parse(_lines.Single()), "the grandchild");
    }

    [Fact]
    public async Task Kill_ends_the_whole_group_even_if_it_ignores_requests()
    {
        await using var child = Start("trap '' TERM; sleep 1000 & echo $!; wait; sleep 1000");
        var grandchild = await FirstLineAsync();

        child.Terminate();
        child.Kill();

        Assert.Equal(128 + 9, await child.Exited.WithinAsync("the end of the child"));
        await GoneAsync(int.Parse(grandchild), "the grandchild");
    }

    [Fact]
    public async Task Kill_ends_a_child_that_has_no_session_of_its_own_yet()
    {
        var slow = _folder.Write("setsid", "#!/bin/sh\necho starting\nwhile :; do sleep 0.05; done\n");
        File.SetUnixFileMode(slow, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var path = new Dictionary<string, string> { ["PATH"] = $"{_folder.Path}:{SystemPath["PATH"]}" };
        await using var child = ChildProcess.Start(new ChildSpec(["sleep", "1000"], _folder.Path, path), Collect);
        await FirstLineAsync();

        child.Kill();

        Assert.Equal(128 + 9, await child.Exited.WithinAsync("the end of the child"));
    }

    [Fact]
    public async Task Terminate_reaches_the_child_as_a_signal_it_can_handle()
    {
        await using var child = Start("trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.05; done");
        await FirstLineAsync();

        child.Terminate();

        Assert.Equal(5, await child.Exited.WithinAsync("the end of the child"));
        Assert.Contains("bye", _lines);
    }

    [Fact]
    public async Task A_descendant_that_left_the_group_does_not_hold_up_the_end()
    {
        await using var child = Start("setsid sleep 30 & echo $!; while [ ! -f go ]; do sleep 0.05; done", TimeProvider.System);
        var descendant = await FirstLineAsync();

        var clock = Stopwatch.StartNew();
        _folder.Write("go", "");
        await child.Exited.WithinAsync("the end of the child");

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), "waited for a process that is not ours");
        ProcessIdentity.Of(int.Parse(descendant))?.Kill();
    }

    [Fact]
    public async Task Only_the_given_environment_is_seen()
    {
        var spec = new ChildSpec(["sh", "-c", "env"], _folder.Path, new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin", ["APP_ID"] = "orders" });
        await using var child = ChildProcess.Start(spec, Collect, new FakeClock());

        await child.Exited.WithinAsync("the end of the child");

        Assert.Contains("APP_ID=orders", _lines);
        Assert.DoesNotContain(_lines, line => line.StartsWith("HOME=", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("no-such-program-here", "no such program in PATH")]
    [InlineData("./missing", "is not an executable file")]
    public void A_missing_program_is_named(string program, string reason)
    {
        var spec = new ChildSpec([program], _folder.Path, SystemPath);

        var failure = Assert.Throws<ChildStartException>(() => ChildProcess.Start(spec, Collect));

        Assert.Contains($"'{program}'", failure.Message);
        Assert.Contains(reason, failure.Message);
    }

    [Fact]
    public async Task Arguments_arrive_as_they_are()
    {
        var spec = new ChildSpec(["printf", "%s\n", "a b", "$HOME", "'q'", "--", ""], _folder.Path, SystemPath);
        await using var child = ChildProcess.Start(spec, Collect, new FakeClock());

        await child.Exited.WithinAsync("the end of the child");

        Assert.Equal(["a b", "$HOME", "'q'", "--", ""], _lines);
    }

    public void Dispose() => _folder.Dispose();

    private static Dictionary<string, string> SystemPath => new() { ["PATH"] = Environment.GetEnvironmentVariable("PATH")! };

    /// <param name="time">Stands still unless given, so that no line is lost because the machine is slow.</param>
    private ChildProcess Start(string script, TimeProvider? time = null) =>
        ChildProcess.Start(new ChildSpec(["sh", "-c", script], _folder.Path, SystemPath), Collect, time ?? new FakeClock());

    private ValueTask Collect(string line)
    {
        _lines.Enqueue(line);
        return ValueTask.CompletedTask;
    }

    private Task<string> FirstLineAsync() => Eventually.GetAsync(() => Task.FromResult(_lines.FirstOrDefault()), "the first line of the child");

    private static Task GoneAsync(int pid, string what) => Eventually.TrueAsync(() => ProcessIdentity.Of(pid) is null, $"the end of {what}");
}
