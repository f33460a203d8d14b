using System.Globalization;
using Sidecar.Components;
using Sidecar.Components.State;
using TestSupport;
using TestSupport.Brokers;

namespace Conformance.State;

// Servers and connections that fail, the server's own clock, and transactions that it cannot undo.
public abstract partial class StateStoreConformance
{
    [Fact]
    public async Task What_was_saved_is_there_after_the_server_died_and_came_back()
    {
        Assert.SkipUnless(target.Server is not null, "has no server");
        await using var server = await BrokerServer.StartAsync(target.Server!.Value, new Dictionary<string, string?> { ["REDIS_APPENDFSYNC"] = "always" });
        _store = await OpenAsync(server: server);
        await SaveAsync("k", "1");
        var etag = (await GetAsync("k"))!.ETag;
        await server.RestartAsync();

        var item = await Eventually.GetAsync(async () => await GetAsync("k"), "an answer of the server that is back");
        Assert.Equal(("1", etag), (Text(item), item.ETag));
        Assert.Equal(StateResult.Ok, await SaveAsync("k", "2", etag));
        await _host.CloseAllAsync();
    }

    [Fact]
    public async Task Increments_are_neither_lost_nor_doubled_though_connections_are_cut_in_the_middle()
    {
        Assert.SkipUnless(target.Server is not null, "has no server");
        var server = await BrokerServer.SharedAsync(target.Server!.Value);
        await using var relay = new CuttableRelay(server.Port);
        _store = await OpenAsync(metadata: Through(relay, server));
        await SaveAsync("k", "0");

        // Who is not told whether a write was done reads again: the value says it.
        for (var next = 1; next <= 60;)
        {
            if (next % 20 == 0)
                relay.Cut();
            try
            {
                var item = (await GetAsync("k"))!;
                if (Number(item) == next - 1)
                    await SaveAsync("k", Invariant(next), item.ETag);
                else
                    Assert.Equal(next, Number(item));
                next = Number(await GetAsync("k")) + 1;
            }
            catch (ComponentException)
            {
                // Cut.
            }
        }

        Assert.Equal("60", Text(await GetAsync("k")));
        await _host.CloseAllAsync();
    }

    [Fact]
    public async Task A_call_without_the_server_fails_and_the_next_with_it_succeeds()
    {
        Assert.SkipUnless(target.Server is not null, "has no server");
        var server = await BrokerServer.SharedAsync(target.Server!.Value);
        await using var relay = new CuttableRelay(server.Port);
        _store = await OpenAsync(metadata: target.Impatient(Through(relay, server)));
        await SaveAsync("k", "1");

        relay.Refuse();
        await Assert.ThrowsAsync<ComponentException>(() => SaveAsync("k", "2"));
        await Assert.ThrowsAsync<ComponentException>(async () => await GetAsync("k"));
        relay.Accept();

        Assert.Equal("1", Text(await Eventually.GetAsync(async () => await GetAsync("k"), "an answer of the server that is back")));
        await _host.CloseAllAsync();
    }

    [Fact]
    [Contract(15)]
    public async Task An_item_goes_away_when_its_time_is_over_on_the_servers_clock()
    {
        OnServersClock();
        await SaveAsync("k", "1", ttl: 1);
        await SaveAsync("kept", "1", ttl: 1000);
        Assert.Equal(target.TellsExpiry, (await GetAsync("kept"))!.ExpiresAt is not null);

        await Eventually.TrueAsync(async () => await GetAsync("k") is null, "the item to expire");
        Assert.Equal("1", Text(await GetAsync("kept")));
    }

    [Fact]
    [Contract(16)]
    public async Task Saving_again_without_a_time_to_live_clears_it_or_keeps_it_as_the_store_does()
    {
        OnServersClock();
        var expected = target.ClearsTtl ? "2" : null;

        // Once more, where more than a second went by between the two writes.
        await Eventually.TrueAsync(
            async () =>
            {
                await SaveAsync("k", "1", ttl: 1);
                await SaveAsync("k", "2");
                await SaveAsync("clock", "1", ttl: 2);
                await Eventually.TrueAsync(async () => await GetAsync("clock") is null, "an item of two seconds to expire");
                return Text(await GetAsync("k")) == expected;
            },
            $"the item of two writes to be {expected ?? "gone"}");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task A_time_to_live_of_nothing_or_less_clears_the_earlier_one_on_the_servers_clock(int ttl)
    {
        OnServersClock();
        await SaveAsync("k", "1", ttl: 1);
        await SaveAsync("k", "2", ttl: ttl);
        await SaveAsync("clock", "1", ttl: 2);
        await Eventually.TrueAsync(async () => await GetAsync("clock") is null, "an item of two seconds to expire");

        Assert.Equal("2", Text(await GetAsync("k")));
    }

    [Fact]
    public async Task A_transaction_that_fails_in_the_middle_keeps_the_rest_where_the_store_cannot_undo()
    {
        Transactional();
        Assert.SkipWhen(target.RollsBack, "undoes it");
        await SaveAsync("taken", "1");
        var stale = (await GetAsync("taken"))!.ETag;
        await SaveAsync("taken", "2");

        Assert.Equal(StateResult.ETagMismatch, await TransactAsync(Upsert("before", "1"), Upsert("taken", "3", stale), Upsert("after", "1")));
        Assert.Equal(("1", "2", "1"), (Text(await GetAsync("before")), Text(await GetAsync("taken")), Text(await GetAsync("after"))));
    }

    [Fact]
    public async Task A_large_transaction_is_applied_whole()
    {
        Transactional();
        Assert.Equal(StateResult.Ok, await TransactAsync([.. Enumerable.Range(0, 200).Select(number => Upsert($"k{number}", Invariant(number)))]));

        for (var number = 0; number < 200; number++)
            Assert.Equal(Invariant(number), Text(await GetAsync($"k{number}")));
    }

    [Fact]
    public async Task Transactions_with_keys_of_their_own_all_pass_at_once()
    {
        Transactional();
        var results = await Task.WhenAll(Enumerable.Range(0, 40).Select(number => Task.Run(() => TransactAsync(Upsert($"a{number}", "1"), Upsert($"b{number}", "2")))));

        Assert.All(results, result => Assert.Equal(StateResult.Ok, result));
        Assert.Equal(("1", "2"), (Text(await GetAsync("a39")), Text(await GetAsync("b39"))));
    }

    [Fact]
    public async Task A_transaction_with_the_present_etags_passes_and_changes_them()
    {
        Transactional();
        await SaveAsync("a", "1");
        await SaveAsync("b", "1");
        var (a, b) = ((await GetAsync("a"))!.ETag, (await GetAsync("b"))!.ETag);

        Assert.Equal(StateResult.Ok, await TransactAsync(Upsert("a", "2", a), new StateDelete(Key("b")) { ETag = b }));
        var item = await GetAsync("a");
        Assert.Equal(("2", null), (Text(item), Text(await GetAsync("b"))));
        Assert.NotEqual(a, item!.ETag);
    }

    [Fact]
    public async Task Several_megabytes_come_back_as_they_were()
    {
        var value = new byte[4 << 20];
        new Random(2).NextBytes(value);
        await _store.SetAsync(new StateUpsert(Key("k"), value, IsJson: false), None);

        var read = await GetAsync("k");
        Assert.True(value.AsSpan().SequenceEqual(read!.Value.Span), "the value differs");
    }

    private void OnServersClock() => Assert.SkipUnless(target.Features.HasFlag(StateFeatures.Ttl) && !target.FollowsClock, "has no clock but ours");

    private static Dictionary<string, string> Through(CuttableRelay relay, BrokerServer server)
    {
        var (port, detour) = (server.Port.ToString(CultureInfo.InvariantCulture), relay.Port.ToString(CultureInfo.InvariantCulture));
        return server.Metadata.ToDictionary(field => field.Key, field => field.Value.Replace(port, detour, StringComparison.Ordinal));
    }
}
