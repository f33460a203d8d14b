using Sidecar.Testing.Observing;

namespace Sidecar.Testing.Tests;

/// <summary>Who is given what, in which order.</summary>
public sealed class HistoryTests
{
    private readonly History<string> _history = new(capacity: 2);

    [Fact]
    public async Task The_oldest_entry_beyond_the_capacity_is_forgotten()
    {
        foreach (var entry in new[] { "one", "two", "three" })
            _history.Add(entry);

        Assert.Equal(["two", "three"], _history.All);
        Assert.Equal("two", await _history.NextAsync(_ => true, CancellationToken.None));
    }

    [Fact]
    public async Task Two_waits_for_the_same_take_two_entries_in_the_order_of_the_waits()
    {
        var first = _history.NextAsync(_ => true, CancellationToken.None);
        var second = _history.NextAsync(_ => true, CancellationToken.None);

        _history.Add("one");
        Assert.Equal("one", await first);
        Assert.False(second.IsCompleted);
        _history.Add("two");
        Assert.Equal("two", await second);
    }

    [Fact]
    public async Task What_a_wait_that_was_given_up_would_have_been_given_is_there_for_the_next()
    {
        using var impatient = new CancellationTokenSource();
        var givenUp = _history.NextAsync(_ => true, impatient.Token);
        await impatient.CancelAsync();
        _history.Add("one");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => givenUp);
        Assert.Equal("one", await _history.NextAsync(_ => true, CancellationToken.None));
    }
}
