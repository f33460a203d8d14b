using Sidecar.Cli.Processes;
using Sidecar.Cli.Runs;
using Sidecar.Components;
using TestSupport;

namespace Sidecar.Cli.Tests.Runs;

public sealed class RunFilesTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void A_record_is_read_as_it_was_written()
    {
        var record = Record() with
        {
            Isolated = true,
            Templates = [_folder.File("dapr.yaml"), _folder.File("other.yaml")],
            Apps = [new AppRecord("a", 1, 2, 3, "sleep 1") { App = ProcessIdentity.Current, Daprd = new ProcessIdentity(5, "x"), AppLog = "/l" }],
        };

        record.Write(_folder.File("run.json"));

        var read = RunRecord.Read(_folder.File("run.json"))!;
        Assert.Equal(record.Apps, read.Apps);
        Assert.Equal(record.Templates, read.Templates);
        Assert.Equal(record with { Apps = [], Templates = [] }, read with { Apps = [], Templates = [] });
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"templateFile\":")]
    public void A_damaged_record_is_no_record(string text) => Assert.Null(RunRecord.Read(_folder.Write("run.json", text)));

    [Fact]
    public void Only_one_run_holds_a_template_and_the_next_gets_it_when_that_ends()
    {
        var run = new RunFolder(_folder.File("dapr.yaml"));

        using (var first = RunLock.TryTake(run))
        {
            Assert.NotNull(first);
            Assert.Null(RunLock.TryTake(run));
            using var other = RunLock.TryTake(new RunFolder(_folder.File("other.yaml")));
            Assert.NotNull(other);
        }

        using var second = RunLock.TryTake(run);
        Assert.NotNull(second);
    }

    [Fact]
    public void A_run_of_several_templates_holds_all_of_them_or_none()
    {
        var (run, other) = (new RunFolder(_folder.File("dapr.yaml"), _folder.File("other.yaml")), new RunFolder(_folder.File("other.yaml")));
        using (RunLock.TryTake(other))
        {
            Assert.Empty(RunLock.TryTakeAll(run.All, out var held));
            Assert.Equal(other.LockFile, held?.LockFile);
            using var free = RunLock.TryTake(run);
            Assert.NotNull(free);
        }

        var locks = RunLock.TryTakeAll(run.All, out var none);
        Assert.Null(none);
        Assert.Equal(2, locks.Count);
        Assert.Null(RunLock.TryTake(other));
        foreach (var taken in locks)
            taken.Dispose();
    }

    [Fact]
    public async Task Survivors_are_killed_with_their_group_and_named()
    {
        await using var survivor = ChildProcess.Start(
            new ChildSpec(["sh", "-c", "sleep 1000; true"], _folder.Path, new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" }),
            _ => ValueTask.CompletedTask);
        var record = Record() with { Apps = [new AppRecord("a", 0, 0, 0, "sh") { App = survivor.Identity, Daprd = new ProcessIdentity(1, "long ago") }] };

        var ended = await Survivors.EndAsync(record, TimeProvider.System, CancellationToken.None);

        Assert.Equal([$"a (pid {survivor.Pid})"], ended);
        Assert.Equal(128 + 9, await survivor.Exited.WithinAsync("the end of the survivor"));
    }

    [Fact]
    public void The_index_knows_runs_whose_launcher_lives_and_forgets_those_whose_record_is_gone()
    {
        var index = new RunIndex(_folder.File("runs"));
        var (alive, dead, gone) = (Template("alive"), Template("dead"), Template("gone"));
        Record().Write(alive.RecordFile);
        (Record() with { Launcher = new ProcessIdentity(1, "long ago") }).Write(dead.RecordFile);
        index.Add(alive);
        index.Add(dead);
        index.Add(gone);

        Assert.Single(index.Alive());

        Assert.Equal(2, Directory.GetFiles(_folder.File("runs")).Length);
        index.Remove(alive);
        Assert.Empty(index.Alive());
    }

    [Fact]
    public void A_run_gets_into_the_index_while_others_read_its_entry()
    {
        var index = new RunIndex(_folder.File("runs"));
        var run = Template("alive");
        Record().Write(run.RecordFile);
        index.Add(run);

        using (File.OpenRead(Assert.Single(Directory.GetFiles(_folder.File("runs")))))
            index.Add(run);

        Assert.Single(index.Alive());
    }

    [Fact]
    public void An_entry_that_is_still_being_written_is_left_alone()
    {
        var index = new RunIndex(_folder.File("runs"));
        var unfinished = _folder.Write("runs/0123.4711.new", _folder.File("no-such-record"));

        Assert.Empty(index.Alive());

        Assert.True(File.Exists(unfinished));
    }

    [Fact]
    public void A_folder_means_the_template_in_it()
    {
        Assert.Equal(_folder.File("dapr.yaml"), RunFolder.ResolveTemplate(_folder.Path));
        Assert.Equal(_folder.File("x.yaml"), RunFolder.ResolveTemplate(_folder.File("x.yaml")));
    }

    public void Dispose() => _folder.Dispose();

    private RunFolder Template(string name) => new(_folder.File($"{name}/dapr.yaml"));

    private RunRecord Record() => new(_folder.File("dapr.yaml"), "t", ProcessIdentity.Current, DateTimeOffset.UnixEpoch);
}
