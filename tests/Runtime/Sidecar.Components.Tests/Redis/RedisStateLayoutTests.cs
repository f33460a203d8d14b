using System.Text;
using Sidecar.Components.Redis;
using Sidecar.Components.State;

namespace Sidecar.Components.Tests.Redis;

/// <summary>What lies in the server is what Dapr writes and reads there (contract 6.2).</summary>
public sealed class RedisStateLayoutTests : RealRedisTest
{
    private string Key => Prefix + "k";

    [Fact]
    public async Task A_key_is_a_hash_of_data_and_version()
    {
        var store = await OpenAsync(new RedisStateStore());
        await store.SetAsync(new StateUpsert(Key, """{"ä":"\u003c1.23456789\u003e","n":1.23456789}"""u8.ToArray()), None);
        Assert.Equal("data\n{\"ä\":\"<1.23456789>\",\"n\":1.234568}\nversion\n1", await CliAsync("HGETALL", Key));

        await store.SetAsync(new StateUpsert(Key, "1.23456789"u8.ToArray(), IsJson: false), None);
        Assert.Equal("data\n1.23456789\nversion\n2", await CliAsync("HGETALL", Key));
        Assert.Equal("2", (await ReadAsync(store)).ETag);
    }

    [Fact]
    public async Task What_Dapr_has_written_is_read_and_goes_on()
    {
        await CliAsync("HSET", Key, "data", "\"by dapr\"", "version", "41");
        var store = await OpenAsync(new RedisStateStore());

        Assert.Equal(("\"by dapr\"", "41"), await ReadAsync(store));
        Assert.Equal(StateResult.ETagMismatch, await SetAsync(store, etag: "40"));
        Assert.Equal(StateResult.Ok, await SetAsync(store, etag: "41"));
        Assert.Equal("42", await CliAsync("HGET", Key, "version"));
    }

    [Fact]
    public async Task First_write_leaves_a_mark_and_every_later_save_needs_the_present_etag()
    {
        var store = await OpenAsync(new RedisStateStore());
        await SetAsync(store, concurrency: StateConcurrency.FirstWrite);
        Assert.Equal("0", await CliAsync("HGET", Key, "first-write"));

        await Assert.ThrowsAsync<ComponentException>(() => SetAsync(store));
        await Assert.ThrowsAsync<ComponentException>(() => SetAsync(store, concurrency: StateConcurrency.FirstWrite));
        Assert.Equal(StateResult.ETagMismatch, await SetAsync(store, etag: "9"));
        Assert.Equal(StateResult.Ok, await SetAsync(store, etag: "1"));
        Assert.Equal("0", await CliAsync("HGET", Key, "first-write"));
    }

    [Fact]
    public async Task Last_write_disregards_the_etag_and_is_no_way_around_the_mark()
    {
        var store = await OpenAsync(new RedisStateStore());
        await SetAsync(store);
        Assert.Equal(StateResult.Ok, await SetAsync(store, etag: "77", concurrency: StateConcurrency.LastWrite));

        await SetAsync(store, etag: "2", concurrency: StateConcurrency.FirstWrite);
        Assert.Equal(StateResult.ETagMismatch, await SetAsync(store, etag: "3", concurrency: StateConcurrency.LastWrite));
    }

    [Fact]
    [TestSupport.Contract(16)]
    public async Task A_time_to_live_stays_until_another_or_none_is_asked_for()
    {
        var store = await OpenAsync(new RedisStateStore());
        await SetAsync(store, ttl: 100);
        Assert.InRange(await TtlAsync(), 50, 100);
        await SetAsync(store);
        Assert.InRange(await TtlAsync(), 50, 100);
        await SetAsync(store, ttl: 1000);
        Assert.InRange(await TtlAsync(), 500, 1000);
        await SetAsync(store, ttl: 0);
        Assert.Equal(-1, await TtlAsync());
        Assert.Null((await store.GetAsync(Key, default, None))!.ExpiresAt);
    }

    [Fact]
    public async Task The_component_s_time_to_live_is_for_saves_without_one()
    {
        var store = await OpenAsync(new RedisStateStore(), ("ttlInSeconds", "100"));
        await SetAsync(store);
        Assert.InRange(await TtlAsync(), 50, 100);
        await store.TransactAsync([new StateUpsert(Key, "1"u8.ToArray()) { TtlInSeconds = -1 }], None);
        Assert.Equal(-1, await TtlAsync());
    }

    [Fact]
    public async Task Plain_text_of_somebody_else_is_read_without_etag_and_overwritten_as_a_hash()
    {
        await CliAsync("SET", Key, "plain");
        var store = await OpenAsync(new RedisStateStore());

        Assert.Equal(("plain", ""), await ReadAsync(store));
        Assert.Equal(StateResult.Ok, await SetAsync(store));
        Assert.Equal("data\n1\nversion\n1", await CliAsync("HGETALL", Key));
    }

    [Theory]
    [InlineData("HSET", "data", "1")]
    [InlineData("HSET", "version", "1")]
    [InlineData("RPUSH", "1", "2")]
    public async Task What_cannot_be_Dapr_s_is_an_error_that_names_it(params string[] command)
    {
        await CliAsync([command[0], Key, .. command[1..]]);
        var store = await OpenAsync(new RedisStateStore());

        var failure = await Assert.ThrowsAsync<ComponentException>(async () => await store.GetAsync(Key, default, None));
        Assert.True(failure.Message.Contains(Key, StringComparison.Ordinal) || failure.Message.Contains("WRONGTYPE", StringComparison.Ordinal), failure.Message);
    }

    [Fact]
    public async Task A_delete_needs_the_etag_only_if_it_has_one()
    {
        var store = await OpenAsync(new RedisStateStore());
        await SetAsync(store);
        Assert.Equal(StateResult.ETagMismatch, await store.DeleteAsync(new StateDelete(Key) { ETag = "0" }, None));
        Assert.Equal(StateResult.ETagMismatch, await store.DeleteAsync(new StateDelete(Key) { ETag = "text" }, None));
        Assert.Equal(StateResult.Ok, await store.DeleteAsync(new StateDelete(Key) { ETag = "1" }, None));
        Assert.Equal("0", await CliAsync("EXISTS", Key));
        Assert.Equal(StateResult.Ok, await store.DeleteAsync(new StateDelete(Key) { ETag = "1" }, None));
    }

    [Fact]
    public async Task A_transaction_does_what_it_can_and_never_marks()
    {
        var store = await OpenAsync(new RedisStateStore());
        await SetAsync(store);
        var other = Prefix + "other";

        var result = await store.TransactAsync(
            [
                new StateUpsert(Key, "2"u8.ToArray()) { ETag = "9" },
                new StateUpsert(other, "3"u8.ToArray()) { Concurrency = StateConcurrency.FirstWrite, TtlInSeconds = 100 },
            ],
            None);

        Assert.Equal(StateResult.ETagMismatch, result);
        Assert.Equal("1", await CliAsync("HGET", Key, "data"));
        Assert.Equal("data\n3\nversion\n1", await CliAsync("HGETALL", other));
        Assert.Equal(StateResult.ETagInvalid, await store.TransactAsync([new StateUpsert(other, "4"u8.ToArray()), new StateUpsert(Key, "4"u8.ToArray()) { ETag = "x" }], None));
        Assert.Equal("3", await CliAsync("HGET", other, "data"));
    }

    [Fact]
    public async Task The_database_of_the_metadata_is_used()
    {
        var store = await OpenAsync(new RedisStateStore(), ("redisDB", "5"));
        await SetAsync(store);

        Assert.Equal("1", await CliAsync("-n", "5", "HGET", Key, "data"));
        Assert.Equal("0", await CliAsync("EXISTS", Key));
    }

    [Fact]
    public async Task A_user_of_the_access_control_list_may_do_what_the_list_says()
    {
        var user = $"u{Guid.NewGuid():N}";
        await CliAsync("ACL", "SETUSER", user, "on", ">pass", "~*", "+@all", "-hgetall");
        var store = await OpenAsync(new RedisStateStore(), ("redisUsername", user), ("redisPassword", "pass"));
        await SetAsync(store);

        var failure = await Assert.ThrowsAsync<ComponentException>(async () => await store.GetAsync(Key, default, None));
        Assert.Contains("redisUsername", failure.Message, StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<ComponentException>(() => OpenAsync(new RedisStateStore(), ("redisUsername", user), ("redisPassword", "wrong")));
        Assert.Contains("'redisUsername' and 'redisPassword' are not what", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_strong_write_waits_for_the_replicas()
    {
        var master = Server;
        await UseOwnServerAsync();
        await CliAsync("CONFIG", "SET", "masterauth", master.Password);
        await CliAsync("REPLICAOF", "127.0.0.1", $"{master.Port}");
        await TestSupport.Eventually.TrueAsync(async () => (await CliAsync("INFO", "replication")).Contains("master_link_status:up", StringComparison.Ordinal), "the replica to follow");
        var store = await OpenAsync(new RedisStateStore(), ("redisHost", master.Address), ("redisPassword", master.Password));
        await store.SetAsync(new StateUpsert(Key, "1"u8.ToArray()) { Consistency = StateConsistency.Strong }, None);

        // The write waits for a second at most, which a replica that stands still may exceed.
        await TestSupport.Eventually.TrueAsync(async () => await CliAsync("HGET", Key, "data") == "1", "the value at the replica");
        var replica = await OpenAsync(new RedisStateStore(), ("redisMinRetryInterval", "1ms"));
        var failure = await Assert.ThrowsAsync<ComponentException>(() => SetAsync(replica));
        Assert.Contains("is a replica", failure.Message, StringComparison.Ordinal);
        await CliAsync("REPLICAOF", "NO", "ONE");
    }

    private async Task<(string Value, string ETag)> ReadAsync(RedisStateStore store) =>
        await store.GetAsync(Key, default, None) is { } item ? (Encoding.UTF8.GetString(item.Value.Span), item.ETag) : throw new InvalidOperationException("nothing there");

    private Task<StateResult> SetAsync(RedisStateStore store, string? etag = null, StateConcurrency concurrency = default, int? ttl = null) =>
        store.SetAsync(new StateUpsert(Key, "1"u8.ToArray()) { ETag = etag, Concurrency = concurrency, TtlInSeconds = ttl }, None).AsTask();

    private async Task<int> TtlAsync() => int.Parse(await CliAsync("TTL", Key), System.Globalization.CultureInfo.InvariantCulture);
}
