using System.Collections.Concurrent;
using Sidecar.Runtime.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Hosting;

public sealed class RunningSetTests : IDisposable
{
    private readonly ConcurrentQueue<string> _happened = new();
    private readonly RunningSet<string> _set;
    private Func<string, Task> _beforeStart = _ => Task.CompletedTask;

    public RunningSetTests() => _set = new RunningSet<string>((key, failure) => _happened.Enqueue($"{key} failed: {failure.Message}"));

    public void Dispose() => _set.Dispose();

    [Fact]
    public async Task What_is_wanted_starts_once_and_what_no_longer_is_ends()
    {
        await AlignAsync("a", "b");
        await AlignAsync("b", "c");
        Assert.Equal(["+a", "+b", "-a", "+c"], _happened);
    }

    [Fact]
    public async Task What_could_not_be_started_is_tried_again()
    {
        _beforeStart = _ => Task.FromException(new InvalidOperationException("away"));
        await AlignAsync("a");
        Assert.Empty(_happened);
        _beforeStart = _ => Task.CompletedTask;
        await AlignAsync("a");
        Assert.Equal(["+a"], _happened);
    }

    [Fact]
    public async Task What_was_ended_starts_again_with_the_next_alignment()
    {
        await AlignAsync("a", "b");
        await _set.EndAsync(key => key == "a", CancellationToken.None);
        await AlignAsync("a", "b");
        Assert.Equal(["+a", "+b", "-a", "+a"], _happened);
    }

    [Fact]
    public async Task A_stop_makes_a_start_give_up_ends_what_had_started_and_lets_nothing_start_after_it()
    {
        _beforeStart = key => key == "slow" ? Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _set.Stopping) : Task.CompletedTask;
        var aligning = AlignAsync("quick", "slow");
        await Eventually.TrueAsync(() => _happened.Contains("+quick"), "the start of the quick one");

        await _set.StopAsync(CancellationToken.None).WithinAsync("the stop");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => aligning);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => AlignAsync("late"));
        Assert.Equal(["+quick", "-quick"], _happened);
    }

    [Fact]
    public async Task One_that_does_not_end_well_is_told_of_and_keeps_no_other_running()
    {
        await AlignAsync("stubborn", "b");
        await _set.StopAsync(CancellationToken.None);
        Assert.Equal(["+stubborn", "+b", "stubborn failed: no", "-b"], _happened);
    }

    [Fact]
    public async Task A_stop_waits_no_longer_than_it_may()
    {
        await AlignAsync("endless");
        using var over = new CancellationTokenSource();
        var stop = _set.StopAsync(over.Token);
        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stop.WithinAsync("the stop"));
    }

    private Task AlignAsync(params string[] wanted) => _set.AlignAsync(wanted, StartAsync, CancellationToken.None);

    private async Task<IAsyncDisposable?> StartAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            await _beforeStart(key);
        }
        catch (InvalidOperationException)
        {
            return null;
        }

        cancellationToken.ThrowIfCancellationRequested();
        _happened.Enqueue($"+{key}");
        return new Running(key, _happened);
    }

    private sealed class Running(string key, ConcurrentQueue<string> happened) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            if (key == "endless")
                return new ValueTask(new TaskCompletionSource().Task);
            if (key == "stubborn")
                throw new InvalidOperationException("no");
            happened.Enqueue($"-{key}");
            return ValueTask.CompletedTask;
        }
    }
}
