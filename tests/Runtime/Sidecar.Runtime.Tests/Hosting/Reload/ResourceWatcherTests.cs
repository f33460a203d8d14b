using Microsoft.Extensions.Logging.Abstractions;
using Sidecar.Components;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Hosting.Reload;
using TestSupport;

namespace Sidecar.Runtime.Tests.Hosting.Reload;

/// <summary>Which changes of real files are noticed, and when.</summary>
public sealed class ResourceWatcherTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly SharedResources _shared = new();

    public ResourceWatcherTests() => _folder.Write("resources/a.yaml", "a: 1");

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Changes =>
        ["added", "changed", "removed", "renamed", "renamed away", "replaced by a rename", "the folder made anew", "a .yml in capitals"];

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_change_is_noticed(string change)
    {
        await using var watcher = Watch(TimeProvider.System);
        await using var due = watcher.DueAsync(CancellationToken.None).GetAsyncEnumerator();

        Make(change);

        Assert.True(await due.MoveNextAsync().AsTask().WithinAsync($"the watcher to notice: {change}"));
    }

    [Fact]
    public async Task A_folder_that_was_made_anew_is_watched_on()
    {
        await using var watcher = Watch(TimeProvider.System);
        await using var due = watcher.DueAsync(CancellationToken.None).GetAsyncEnumerator();
        Make("the folder made anew");
        await due.MoveNextAsync().AsTask().WithinAsync("the new folder");

        // Its watch may begin a moment after its making was told.
        var next = due.MoveNextAsync().AsTask();
        await Eventually.TrueAsync(
            () =>
            {
                _folder.Write("resources/b.yaml", "b: 2");
                return next.IsCompleted;
            },
            "a change in the new folder");
    }

    [Fact]
    public async Task A_mounted_folder_whose_data_link_is_turned_is_noticed()
    {
        _folder.Write("mount/..1/a.yaml", "a: 1");
        _folder.Write("mount/..2/a.yaml", "a: 2");
        Directory.CreateSymbolicLink(_folder.File("mount/..data"), "..1");
        File.CreateSymbolicLink(_folder.File("mount/a.yaml"), "..data/a.yaml");
        await using var watcher = Watch(TimeProvider.System, "mount");
        await using var due = watcher.DueAsync(CancellationToken.None).GetAsyncEnumerator();

        Directory.CreateSymbolicLink(_folder.File("mount/..data_tmp"), "..2");
        await using var rename = TestProcess.Start("mv", ["-T", _folder.File("mount/..data_tmp"), _folder.File("mount/..data")]);
        Assert.Equal(0, await rename.ExitAsync());

        Assert.True(await due.MoveNextAsync().AsTask().WithinAsync("the turned link"));
        Assert.Equal("a: 2", await File.ReadAllTextAsync(_folder.File("mount/a.yaml")));
    }

    [Fact]
    public async Task A_folder_that_is_a_link_is_followed_when_it_points_elsewhere()
    {
        _folder.Write("release-2/a.yaml", "a: 2");
        Directory.CreateSymbolicLink(_folder.File("current"), "resources");
        await using var watcher = Watch(TimeProvider.System, "current");
        await using var due = watcher.DueAsync(CancellationToken.None).GetAsyncEnumerator();

        Directory.Delete(_folder.File("current"));
        Directory.CreateSymbolicLink(_folder.File("current"), "release-2");

        Assert.True(await due.MoveNextAsync().AsTask().WithinAsync("the link that points elsewhere"));
    }

    [Fact]
    public async Task A_configuration_file_is_noticed_and_its_neighbours_are_not()
    {
        var (clock, clockOfNeighbour) = (new FakeClock(), new FakeClock());
        await using var watcher = WatchFile("config.yaml", clock);
        await using var neighbour = WatchFile("neighbour.yaml", clockOfNeighbour);
        var timers = clock.ArmedTimers;

        _folder.Write("config/other.yaml", "a: 2");
        _folder.Write("config/neighbour.yaml", "a: 2");
        await Eventually.TrueAsync(() => clockOfNeighbour.ArmedTimers > timers, "the change of the neighbour");
        Assert.Equal(timers, clock.ArmedTimers);

        _folder.Write("config/config.yaml", "a: 2");
        await Eventually.TrueAsync(() => clock.ArmedTimers > timers, "the change of the configuration file");

        ResourceWatcher WatchFile(string name, FakeClock time)
        {
            var file = _folder.Write($"config/{name}", "a: 1");
            return new ResourceWatcher(Options(time) with { ConfigPaths = [file] }, _shared, NullLogger.Instance);
        }
    }

    [Fact]
    public async Task A_change_is_acted_upon_when_no_other_has_followed_for_a_moment()
    {
        var clock = new FakeClock();
        await using var watcher = Watch(clock);
        await using var due = watcher.DueAsync(CancellationToken.None).GetAsyncEnumerator();
        var timers = clock.ArmedTimers;
        var next = due.MoveNextAsync().AsTask();
        Make("removed");
        await Eventually.TrueAsync(() => clock.ArmedTimers > timers, "the change to be noticed");

        clock.Advance(ResourceWatcher.Quiet - TimeSpan.FromMilliseconds(1));
        Assert.False(next.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.True(await next.WithinAsync("the end of the quiet time"));
    }

    [Fact]
    public async Task Files_are_compared_from_time_to_time_although_nothing_was_told()
    {
        var clock = new FakeClock();
        await using var watcher = Watch(clock);
        await using var due = watcher.DueAsync(CancellationToken.None).GetAsyncEnumerator();

        for (var round = 0; round < 2; round++)
        {
            var next = due.MoveNextAsync().AsTask();
            clock.Advance(TimeSpan.FromSeconds(59));
            Assert.False(next.IsCompleted);
            clock.Advance(TimeSpan.FromSeconds(1));
            Assert.True(await next.WithinAsync("the reconciliation after 60 s"));
        }
    }

    [Fact]
    public async Task Sidecars_of_one_process_share_the_watch_of_a_folder()
    {
        await using var first = Watch(TimeProvider.System);
        await using var second = Watch(TimeProvider.System);
        await using var probe = _shared.Acquire<FolderWatch>(_folder.File("resources"), () => throw new InvalidOperationException("a second watch of the folder"));
        await using var one = first.DueAsync(CancellationToken.None).GetAsyncEnumerator();
        await using var other = second.DueAsync(CancellationToken.None).GetAsyncEnumerator();

        Make("added");

        await Task.WhenAll(one.MoveNextAsync().AsTask(), other.MoveNextAsync().AsTask()).WithinAsync("both to notice");
    }

    private ResourceWatcher Watch(TimeProvider time, string folder = "resources") =>
        new(Options(time) with { ResourcesPaths = [_folder.File(folder)] }, _shared, NullLogger.Instance);

    private static SidecarOptions Options(TimeProvider time) => new() { AppId = "me", Time = time };

    private void Make(string change)
    {
        var file = _folder.File("resources/a.yaml");
        switch (change)
        {
            case "added":
                _folder.Write("resources/b.yaml", "b: 1");
                break;
            case "a .yml in capitals":
                _folder.Write("resources/b.YML", "b: 1");
                break;
            case "changed":
                File.WriteAllText(file, "a: 2");
                break;
            case "removed":
                File.Delete(file);
                break;
            case "renamed":
                File.Move(file, _folder.File("resources/b.yaml"));
                break;
            case "renamed away":
                File.Move(file, _folder.File("resources/a.bak"));
                break;
            case "replaced by a rename":
                File.Move(_folder.Write("resources/.a.yaml.swp", "a: 2"), file, overwrite: true);
                break;
            case "the folder made anew":
                Directory.Delete(_folder.File("resources"), recursive: true);
                _folder.Write("resources/a.yaml", "a: 2");
                break;
        }
    }
}
