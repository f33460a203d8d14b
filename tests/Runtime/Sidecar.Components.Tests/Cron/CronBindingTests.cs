using System.Collections.Concurrent;
using Sidecar.Components.Bindings;
using Sidecar.Components.Cron;
using TestSupport;

namespace Sidecar.Components.Tests.Cron;

public sealed class CronBindingTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FakeClock _clock = new();
    private readonly ConcurrentQueue<BindingEvent> _events = new();
    private readonly CronBinding _binding = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_event_comes_whenever_the_schedule_says_without_data_and_with_the_time()
    {
        await InitAsync("*/2 * * * * *");
        await using var reading = await _binding.ReadAsync(NoteAsync, CancellationToken.None);

        _clock.Advance(TimeSpan.FromSeconds(1.5));
        Assert.Empty(_events);
        _clock.Advance(TimeSpan.FromSeconds(4.5));

        Assert.Equal(["2026-01-01 00:00:02 +0000 UTC", "2026-01-01 00:00:04 +0000 UTC", "2026-01-01 00:00:06 +0000 UTC"], _events.Select(tick => tick.Metadata["readTimeUTC"]));
        Assert.All(_events, tick =>
        {
            Assert.Equal("Local", tick.Metadata["timeZone"]);
            Assert.Equal(0, tick.Data.Length);
        });
    }

    [Fact]
    public async Task A_time_further_off_than_a_timer_reaches_comes_all_the_same()
    {
        await InitAsync("0 0 1 4 *");
        await using var reading = await _binding.ReadAsync(NoteAsync, CancellationToken.None);

        _clock.Advance(TimeSpan.FromDays(89.9));
        Assert.Empty(_events);
        _clock.Advance(TimeSpan.FromDays(0.1));

        Assert.Equal("2026-04-01 00:00:00 +0000 UTC", Assert.Single(_events).Metadata["readTimeUTC"]);
    }

    [Fact]
    public async Task Events_do_not_wait_for_each_other_and_the_end_waits_for_them()
    {
        await InitAsync("@every 1s");
        var answer = new TaskCompletionSource<BindingOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        var reading = await _binding.ReadAsync(
            (tick, _) =>
            {
                _events.Enqueue(tick);
                return new ValueTask<BindingOutcome>(answer.Task);
            },
            CancellationToken.None);
        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(3, _events.Count);

        var end = reading.DisposeAsync().AsTask();
        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.False(end.IsCompleted);
        answer.SetResult(default);

        await end.WithinAsync("the end");
        Assert.Equal(3, _events.Count);
        Assert.Equal(0, _clock.ArmedTimers);
    }

    [Fact]
    public async Task It_can_be_read_again_after_its_end()
    {
        await InitAsync("@every 1s");
        await (await _binding.ReadAsync(NoteAsync, CancellationToken.None)).DisposeAsync();
        _clock.Advance(TimeSpan.FromSeconds(2));
        await using var again = await _binding.ReadAsync(NoteAsync, CancellationToken.None);

        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Single(_events);
    }

    [Theory]
    [InlineData("every now and then", "metadata field 'schedule' is 'every now and then': 'every now and then' has 4 fields")]
    [InlineData("", "metadata field 'schedule' is required")]
    public async Task A_wrong_schedule_keeps_it_from_starting(string schedule, string message)
    {
        var failure = await Assert.ThrowsAsync<ComponentException>(() => InitAsync(schedule));
        Assert.StartsWith(message, failure.Message, StringComparison.Ordinal);
    }

    private Task InitAsync(string schedule) => _binding.InitAsync(Contexts.For(_folder, time: _clock, metadata: [("schedule", schedule)]), CancellationToken.None);

    private ValueTask<BindingOutcome> NoteAsync(BindingEvent tick, CancellationToken cancellationToken)
    {
        _events.Enqueue(tick);
        return ValueTask.FromResult(new BindingOutcome(true, default));
    }
}
