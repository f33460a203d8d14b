using System.Globalization;
using Sidecar.Components.State;
using TestSupport;

namespace Conformance.State;

// Transactions and time to live.
public abstract partial class StateStoreConformance
{
    [Fact]
    public async Task A_transaction_applies_its_operations_in_order()
    {
        Transactional();
        await SaveAsync("gone", "1");

        Assert.Equal(StateResult.Ok, await TransactAsync(Upsert("a", "1"), Upsert("a", "2"), new StateDelete(Key("gone")), Upsert("b", "3"), new StateDelete(Key("b"))));
        Assert.Equal(("2", null, null), (Text(await GetAsync("a")), Text(await GetAsync("gone")), Text(await GetAsync("b"))));
    }

    [Fact]
    public async Task A_transaction_without_operations_is_fine()
    {
        Transactional();
        Assert.Equal(StateResult.Ok, await TransactAsync());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [Contract(9)]
    public async Task A_transaction_that_fails_anywhere_leaves_nothing(int position)
    {
        RollingBack();
        await SaveAsync("kept", "\"older\"");
        var stale = (await GetAsync("kept"))!.ETag;
        await SaveAsync("kept", "\"old\"");
        List<StateOperation> operations = [Upsert("new", "1"), new StateDelete(Key("kept"))];
        operations.Insert(position, Upsert("kept", "2", etag: stale));

        Assert.Equal(StateResult.ETagMismatch, await TransactAsync([.. operations]));
        Assert.Null(await GetAsync("new"));
        Assert.Equal("\"old\"", Text(await GetAsync("kept")));
    }

    [Fact]
    public async Task A_failing_transaction_spoils_no_other_call_of_the_same_moment()
    {
        RollingBack();
        await SaveAsync("taken", "1");
        var calls = Enumerable.Range(0, 60).Select(number => number % 3 == 0
            ? TransactAsync(Upsert($"t{number}", "1"), Upsert("taken", "2", concurrency: StateConcurrency.FirstWrite))
            : SaveAsync($"t{number}", "1"));

        var results = await Task.WhenAll(calls);

        for (var number = 0; number < 60; number++)
        {
            Assert.Equal(number % 3 == 0 ? StateResult.ETagMismatch : StateResult.Ok, results[number]);
            Assert.Equal(number % 3 == 0 ? null : "1", Text(await GetAsync($"t{number}")));
        }
    }

    [Fact]
    public async Task Transactions_at_once_keep_the_sum()
    {
        RollingBack();
        await TransactAsync(Upsert("left", "100"), Upsert("right", "0"));
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Task.Run(async () =>
        {
            for (var moved = 0; moved < 10;)
            {
                var (left, right) = (await GetAsync("left"), await GetAsync("right"));
                var result = await TransactAsync(
                    Upsert("left", Invariant(Number(left) - 1), left!.ETag),
                    Upsert("right", Invariant(Number(right) + 1), right!.ETag));
                moved += result == StateResult.Ok ? 1 : 0;
            }
        })));

        Assert.Equal((50, 50), (Number(await GetAsync("left")), Number(await GetAsync("right"))));
    }

    [Fact]
    [Contract(15)]
    public async Task An_item_is_gone_when_its_time_is_over()
    {
        Expiring();
        await SaveAsync("k", "1", ttl: 3);

        Assert.Equal(_clock.GetUtcNow().AddSeconds(3), (await GetAsync("k"))!.ExpiresAt!.Value, TimeSpan.FromSeconds(1));
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("1", Text(await GetAsync("k")));
        _clock.Advance(TimeSpan.FromSeconds(1.1));
        Assert.Null(await GetAsync("k"));
    }

    [Fact]
    [Contract(16)]
    public async Task Saving_again_without_a_time_to_live_clears_it()
    {
        Expiring();
        await SaveAsync("k", "1", ttl: 3);
        await SaveAsync("k", "2");

        _clock.Advance(TimeSpan.FromHours(1));
        var item = await GetAsync("k");
        Assert.Equal(("2", null), (Text(item), item!.ExpiresAt));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task A_time_to_live_of_nothing_or_less_means_no_expiry(int ttl)
    {
        Expiring();
        await SaveAsync("k", "1", ttl: ttl);

        _clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal("1", Text(await GetAsync("k")));
    }

    [Fact]
    public async Task An_expired_item_counts_as_absent_for_conditions()
    {
        Expiring();
        await SaveAsync("k", "1", ttl: 3);
        var etag = (await GetAsync("k"))!.ETag;
        _clock.Advance(TimeSpan.FromSeconds(4));

        Assert.Equal(StateResult.ETagMismatch, await SaveAsync("k", "2", etag));
        Assert.Equal(StateResult.ETagMismatch, await DeleteAsync("k", etag));
        Assert.Equal(StateResult.Ok, await SaveAsync("k", "3", concurrency: StateConcurrency.FirstWrite));
        var item = await GetAsync("k");
        Assert.Equal(("3", null), (Text(item), item!.ExpiresAt));
    }

    private static int Number(StateItem? item) => int.Parse(Text(item)!, CultureInfo.InvariantCulture);

    private void Transactional() => Assert.SkipUnless(target.Features.HasFlag(StateFeatures.Transactional), "has no transactions");

    private void RollingBack()
    {
        Transactional();
        Assert.SkipUnless(target.RollsBack, "does not roll back");
    }

    private void Expiring() => Assert.SkipUnless(target.Features.HasFlag(StateFeatures.Ttl) && target.FollowsClock, "has no time to live on a clock of ours");
}
