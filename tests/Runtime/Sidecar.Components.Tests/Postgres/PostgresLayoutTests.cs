using Sidecar.Components.Postgres;
using Sidecar.Components.State;
using TestSupport;

namespace Sidecar.Components.Tests.Postgres;

/// <summary>Tables and rows are laid out as Dapr's own component does it, seen by psql, so that either can go on with the other's.</summary>
public sealed class PostgresLayoutTests : PostgresTest
{
    private const string Columns =
        "SELECT string_agg(column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') || is_identity, ', ' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_name = '{0}'";

    [Fact]
    public async Task The_tables_of_version_2_are_those_of_the_contract()
    {
        await OpenAsync();

        Assert.Equal(
            "key text NO NO, value bytea NO NO, etag uuid NO gen_random_uuid()NO, created_at timestamp with time zone NO now()NO, updated_at timestamp with time zone YES NO, expires_at timestamp with time zone YES NO, row_id bigint NO YES",
            await SqlAsync(string.Format(null, Columns, "state")));
        Assert.Equal("key text NO NO, value text NO NO", await SqlAsync(string.Format(null, Columns, "dapr_metadata")));
        Assert.Equal("state_expires_at_idx\nstate_pkey", await SqlAsync("SELECT indexname FROM pg_indexes WHERE tablename = 'state' ORDER BY 1"));
        Assert.Equal("lock|lock\nmigrations-state-v2-|2", await SqlAsync("SELECT key, value FROM dapr_metadata ORDER BY 1"));
    }

    [Fact]
    public async Task The_tables_of_version_1_are_those_of_the_contract()
    {
        await OpenAsync("");

        Assert.Equal(
            "key text NO NO, value jsonb NO NO, isbinary boolean NO NO, insertdate timestamp with time zone NO now()NO, updatedate timestamp with time zone YES NO, expiredate timestamp with time zone YES NO, row_id bigint NO YES",
            await SqlAsync(string.Format(null, Columns, "state")));
        Assert.Equal("state_pkey\nstate_row_id_uidx", await SqlAsync("SELECT indexname FROM pg_indexes WHERE tablename = 'state' ORDER BY 1"));
        Assert.Equal("lock|lock\nmigrations|3", await SqlAsync("SELECT key, value FROM dapr_metadata ORDER BY 1"));
    }

    [Fact]
    public async Task Tables_can_be_named_with_their_schema()
    {
        await SqlAsync("CREATE SCHEMA mine");
        var second = await OpenAsync("v2", ("tablePrefix", "mine.my_"), ("metadataTableName", "mine.meta"));
        await second.SetAsync(Upsert("k", "2"), None);
        var first = await OpenAsync("v1", ("tableName", "mine.items"), ("metadataTableName", "mine.meta"));
        await first.SetAsync(Upsert("k", "1"), None);

        Assert.Equal("1|2", await SqlAsync("SELECT (SELECT value FROM mine.items WHERE key = 'k'), (SELECT convert_from(value, 'UTF8') FROM mine.my_state WHERE key = 'k')"));
        Assert.Equal("lock|lock\nmigrations|3\nmigrations-state-v2-mine.my_|2", await SqlAsync("SELECT key, value FROM mine.meta ORDER BY 1"));
    }

    [Fact]
    public async Task Values_of_version_2_are_the_bytes_and_etags_are_new_with_every_write()
    {
        var store = await OpenAsync();
        await store.SetAsync(Upsert("json", """{"a":1}"""), None);
        await store.SetAsync(new StateUpsert("bytes", new byte[] { 0, 255 }, IsJson: false) { TtlInSeconds = 90 }, None);
        var etag = await SqlAsync("SELECT etag FROM state WHERE key = 'json'");

        Assert.Equal(etag, (await store.GetAsync("json", default, None))!.ETag);
        Assert.Equal("""{"a":1}|t|t""", await SqlAsync("SELECT convert_from(value, 'UTF8'), updated_at IS NULL, expires_at IS NULL FROM state WHERE key = 'json'"));
        Assert.Equal(@"\x00ff|90", await SqlAsync("SELECT value, extract(epoch FROM expires_at - created_at)::int FROM state WHERE key = 'bytes'"));
        await store.SetAsync(Upsert("json", "2"), None);
        Assert.Equal("t|t|t", await SqlAsync($"SELECT etag <> '{etag}', updated_at >= created_at, expires_at IS NULL FROM state WHERE key = 'json'"));
    }

    [Fact]
    public async Task Values_of_version_1_are_json_and_bytes_are_a_string_of_base64()
    {
        var store = await OpenAsync("v1");
        await store.SetAsync(Upsert("json", """{"b":2,"a":[1]}"""), None);
        await store.SetAsync(new StateUpsert("bytes", new byte[] { 0, 255, 1 }, IsJson: false), None);

        Assert.Equal("""{"a": [1], "b": 2}|f""", await SqlAsync("SELECT value, isbinary FROM state WHERE key = 'json'"));
        Assert.Equal("\"AP8B\"|t", await SqlAsync("SELECT value, isbinary FROM state WHERE key = 'bytes'"));
        var item = await store.GetAsync("json", default, None);
        Assert.Equal("""{"a": [1], "b": 2}""", Text(item));
        Assert.Equal(await SqlAsync("SELECT xmin FROM state WHERE key = 'json'"), item!.ETag);
        var failure = await Assert.ThrowsAsync<ComponentException>(async () => await store.SetAsync(Upsert("k", "{no json"), None));
        Assert.Contains("no JSON", failure.Message);
        Assert.Null(await store.GetAsync("k", default, None));
    }

    [Fact]
    public async Task Rows_of_an_official_sidecar_are_read_by_version_2()
    {
        var store = await OpenAsync();
        await SqlAsync("INSERT INTO state(key, value, etag, expires_at) VALUES ('a', '\\x2278', '6f1b1f1e-7d8b-4a52-9c5b-0a5a3c7b2d11', '2100-01-02T03:04:05Z')");

        var item = await store.GetAsync("a", default, None);
        Assert.Equal(("\"x", "6f1b1f1e-7d8b-4a52-9c5b-0a5a3c7b2d11", new DateTimeOffset(2100, 1, 2, 3, 4, 5, TimeSpan.Zero)), (Text(item), item!.ETag, item.ExpiresAt));
        Assert.Equal(StateResult.Ok, await store.SetAsync(Upsert("a", "1") with { ETag = "6F1B1F1E-7D8B-4A52-9C5B-0A5A3C7B2D11" }, None));
    }

    [Fact]
    public async Task Rows_of_an_official_sidecar_are_read_by_version_1()
    {
        var store = await OpenAsync("v1");
        await SqlAsync("INSERT INTO state(key, value, isbinary, expiredate) VALUES ('a', '\"x\"', false, '2100-01-02T03:04:05Z'), ('b', '\"AP8B\"', true, NULL)");

        var text = await store.GetAsync("a", default, None);
        Assert.Equal(("\"x\"", new DateTimeOffset(2100, 1, 2, 3, 4, 5, TimeSpan.Zero)), (Text(text), text!.ExpiresAt));
        Assert.Equal([0, 255, 1], (await store.GetAsync("b", default, None))!.Value.ToArray());
    }

    [Theory]
    [InlineData("v1", "expiredate")]
    [InlineData("v2", "expires_at")]
    public async Task An_item_whose_time_is_over_is_absent_and_free_for_a_first_write(string version, string column)
    {
        var store = await OpenAsync(version);
        await store.SetAsync(Upsert("k", "1", ttl: 1000), None);
        var before = (await store.GetAsync("k", default, None))!;
        Assert.Equal(DateTimeOffset.UtcNow.AddSeconds(1000), before.ExpiresAt!.Value, TimeSpan.FromSeconds(60));
        await SqlAsync($"UPDATE state SET {column} = now() - interval '1 ms'");
        var etag = version == "v1" ? await SqlAsync("SELECT xmin FROM state") : before.ETag;

        Assert.Null(await store.GetAsync("k", default, None));
        Assert.Equal(StateResult.ETagMismatch, await store.SetAsync(Upsert("k", "2") with { ETag = etag }, None));
        Assert.Equal(StateResult.Ok, await store.SetAsync(Upsert("k", "3", ttl: 0) with { Concurrency = StateConcurrency.FirstWrite }, None));
        var item = await store.GetAsync("k", default, None);
        Assert.Equal(("3", null), (Text(item), item!.ExpiresAt));
        var taken = await Assert.ThrowsAsync<ComponentException>(async () => await store.SetAsync(Upsert("k", "4") with { Concurrency = StateConcurrency.FirstWrite }, None));
        Assert.Contains("no item was updated", taken.Message);
        await Assert.ThrowsAsync<ComponentException>(async () => await store.SetAsync(Upsert("k", "5", ttl: -2), None));
    }

    [Theory]
    [InlineData("v1", "expiredate", "last-cleanup")]
    [InlineData("v2", "expires_at", "last-cleanup-state-v2-")]
    public async Task Cleaning_up_deletes_all_that_has_expired_and_one_process_does_it_for_all(string version, string column, string row)
    {
        var store = await OpenAsync(version, ("cleanupInterval", "1h"));
        await OpenAsync(version, ("cleanupInterval", "1h"));
        await store.SetAsync(Upsert("stays", "1"), None);
        await store.SetAsync(Upsert("stays longer", "1", ttl: 1000), None);
        await SqlAsync(version == "v1"
            ? "INSERT INTO state(key, value, isbinary, expiredate) SELECT 'k' || n, '1', false, now() - interval '1 s' FROM generate_series(1, 2500) n"
            : "INSERT INTO state(key, value, expires_at) SELECT 'k' || n, '1', now() - interval '1 s' FROM generate_series(1, 2500) n");
        Clock.Advance(TimeSpan.FromHours(1));
        await Eventually.TrueAsync(async () => await SqlAsync("SELECT count(*) FROM state") == "2", "2500 expired rows to be deleted");

        // One claimed the turn for both, by the server's clock; what expires after that waits until it is long ago.
        Assert.Equal("t", await SqlAsync($"SELECT now() - value::timestamptz < interval '10 min' FROM dapr_metadata WHERE key = '{row}'"));
        await SqlAsync($"UPDATE state SET {column} = now() - interval '1 s' WHERE key = 'stays longer'");
        await store.SetAsync(Upsert("another", "1"), None);
        await CleanAsync(store);
        Assert.Equal("3", await SqlAsync("SELECT count(*) FROM state"));
        await SqlAsync($"UPDATE dapr_metadata SET value = (now() - interval '59 min')::text WHERE key = '{row}'");
        await CleanAsync(store);
        Assert.Equal("another,stays", await SqlAsync("SELECT string_agg(key, ',' ORDER BY key) FROM state"));
    }

    [Fact]
    public async Task Without_an_interval_nothing_is_deleted()
    {
        await OpenAsync("v2", ("cleanupIntervalInSeconds", "0"));
        Assert.Equal(0, Clock.ArmedTimers);
    }

    [Theory]
    [InlineData("v1")]
    [InlineData("v2")]
    public async Task Stores_that_start_at_once_migrate_once_and_all_work(string version)
    {
        var stores = Enumerable.Range(0, 8).Select(_ => Create(version)).ToList();
        await Task.WhenAll(stores.Select(store => Task.Run(() => store.InitAsync(Context(("maxConns", "2")), None)))).WithinAsync("the start of all stores");

        await Task.WhenAll(stores.Select((store, number) => store.SetAsync(Upsert($"k{number}", "1"), None).AsTask()));
        Assert.Equal("8", await SqlAsync("SELECT count(*) FROM state"));
        Assert.Equal(version == "v1" ? "3" : "2", await SqlAsync("SELECT value FROM dapr_metadata WHERE key LIKE 'migrations%'"));
    }

    [Fact]
    public async Task A_table_of_an_earlier_level_is_brought_up_to_the_present_one()
    {
        await SqlAsync(
            """
            CREATE TABLE dapr_metadata (key text PRIMARY KEY, value text NOT NULL); INSERT INTO dapr_metadata VALUES ('migrations', '1');
            CREATE TABLE state (key text PRIMARY KEY, value jsonb NOT NULL, isbinary boolean NOT NULL, insertdate timestamptz NOT NULL DEFAULT now(), updatedate timestamptz NULL);
            INSERT INTO state(key, value, isbinary) VALUES ('old', '1', false)
            """);
        var store = await OpenAsync("v1");

        Assert.Equal("1", Text(await store.GetAsync("old", default, None)));
        Assert.Equal("3", await SqlAsync("SELECT value FROM dapr_metadata WHERE key = 'migrations'"));
        Assert.Equal("1", await SqlAsync("SELECT row_id FROM state"));
    }

    [Theory]
    [InlineData("v1", "v2")]
    [InlineData("v2", "v1")]
    public async Task A_table_of_the_other_version_is_left_alone_and_told(string there, string opened)
    {
        await (await OpenAsync(there)).SetAsync(Upsert("k", "1"), None);
        var columns = await SqlAsync(string.Format(null, Columns, "state"));

        Assert.Contains("'version'", (await Assert.ThrowsAsync<ComponentException>(() => OpenAsync(opened))).Message);
        Assert.Equal(columns, await SqlAsync(string.Format(null, Columns, "state")));
        Assert.Equal("1", Text(await (await OpenAsync(there)).GetAsync("k", default, None)));
    }

    [Fact]
    public async Task A_transaction_that_fails_leaves_nothing_and_one_that_passes_is_one_transaction()
    {
        var store = await OpenAsync();
        var refused = await store.TransactAsync([Upsert("a", "1"), Upsert("b", "1") with { ETag = Guid.NewGuid().ToString() }], None);
        Assert.Equal((StateResult.ETagMismatch, "0"), (refused, await SqlAsync("SELECT count(*) FROM state")));

        await store.TransactAsync([Upsert("a", "1"), Upsert("b", "1"), new StateDelete("c")], None);
        Assert.Equal("1|2", await SqlAsync("SELECT count(DISTINCT xmin::text), count(*) FROM state"));
    }

    /// <summary>A turn of the clean-up, as its timer begins it.</summary>
    private static Task CleanAsync(PostgresStateStore store) => store.DeleteExpiredAsync(TimeSpan.FromHours(1), None).WithinAsync("a turn of the clean-up");
}
