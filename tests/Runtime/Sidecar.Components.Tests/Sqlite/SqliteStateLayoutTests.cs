using System.Text;
using Sidecar.Components.Sqlite;
using Sidecar.Components.State;
using TestSupport;

namespace Sidecar.Components.Tests.Sqlite;

/// <summary>The file is laid out as Dapr's own component does it, so that either can go on with the other's.</summary>
public sealed class SqliteStateLayoutTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly FakeClock _clock = new();
    private readonly List<SqliteStateStore> _stores = [];
    private RawDatabase? _raw;

    private RawDatabase Raw => _raw ??= new RawDatabase(_folder.File("state.db"));

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
            await store.DisposeAsync();
        _raw?.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_columns_are_those_of_the_official_table()
    {
        await OpenAsync();

        Assert.Equal(
            "key TEXT 1 1,value TEXT 1 0,is_binary BOOLEAN 1 0,etag TEXT 1 0,expiration_time TIMESTAMP 0 0,update_time TIMESTAMP 1 0",
            Raw.Scalar("SELECT group_concat(name || ' ' || type || ' ' || \"notnull\" || ' ' || pk) FROM pragma_table_info('state')"));
        Assert.Equal("1", Raw.Scalar("SELECT value FROM metadata WHERE key='migrations'"));
        Assert.Equal("wal", Raw.Scalar("PRAGMA journal_mode"));
    }

    [Fact]
    public async Task Json_is_text_and_bytes_are_base64()
    {
        var store = await OpenAsync();
        await store.SetAsync(new StateUpsert("json", """{"ä":1}"""u8.ToArray()), CancellationToken.None);
        await store.SetAsync(new StateUpsert("bytes", new byte[] { 0, 255, 1 }, IsJson: false), CancellationToken.None);

        Assert.Equal("""{"ä":1}|0""", Raw.Scalar("SELECT value || '|' || is_binary FROM state WHERE key='json'"));
        Assert.Equal("AP8B|1", Raw.Scalar("SELECT value || '|' || is_binary FROM state WHERE key='bytes'"));
        Assert.True(Guid.TryParse((string)Raw.Scalar("SELECT etag FROM state WHERE key='json'")!, out _));
        Assert.Equal(19, ((string)Raw.Scalar("SELECT update_time FROM state WHERE key='json'")!).Length);
    }

    [Fact]
    public async Task An_expiry_is_utc_text_that_compares_with_the_official_form()
    {
        var store = await OpenAsync();
        await store.SetAsync(new StateUpsert("k", "1"u8.ToArray()) { TtlInSeconds = 90 }, CancellationToken.None);

        Assert.Equal("2026-01-01 00:01:30.000", Raw.Scalar("SELECT expiration_time FROM state"));
        Assert.Equal(1L, Raw.Scalar("SELECT expiration_time > '2026-01-01 00:01:29' FROM state"));
    }

    [Fact]
    public async Task Rows_of_an_official_sidecar_are_read()
    {
        var store = await OpenAsync();
        Raw.Execute("INSERT INTO state(key, value, is_binary, etag, expiration_time) VALUES ('a', '\"x\"', 0, 'e1', '2026-01-01 00:00:10'), ('b', 'AP8B', 1, 'e2', NULL)");

        var text = await store.GetAsync("a", default, CancellationToken.None);
        Assert.Equal("\"x\"", Encoding.UTF8.GetString(text!.Value.Span));
        Assert.Equal(("e1", _clock.GetUtcNow().AddSeconds(10)), (text.ETag, text.ExpiresAt!.Value));
        var bytes = await store.GetAsync("b", default, CancellationToken.None);
        Assert.Equal([0, 255, 1], bytes!.Value.ToArray());
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(await store.GetAsync("a", default, CancellationToken.None));
    }

    [Fact]
    public async Task Cleaning_up_deletes_expired_rows_once_per_interval_for_all_processes()
    {
        var (first, second) = (await OpenAsync(("cleanupInterval", "1m")), await OpenAsync(("cleanupInterval", "1m")));
        await first.SetAsync(new StateUpsert("gone", "1"u8.ToArray()) { TtlInSeconds = 1 }, CancellationToken.None);
        await second.SetAsync(new StateUpsert("stays", "1"u8.ToArray()), CancellationToken.None);
        _clock.Advance(TimeSpan.FromMinutes(1));

        await Eventually.TrueAsync(() => Raw.Count("state") == 1, "the expired row to be deleted");
        Assert.Equal("stays", Raw.Scalar("SELECT key FROM state"));
        Assert.Equal("2026-01-01 00:01:00.000", Raw.Scalar("SELECT value FROM metadata WHERE key='last-cleanup'"));
    }

    [Fact]
    public async Task However_many_rows_have_expired_all_are_deleted_and_found_by_an_index()
    {
        await OpenAsync(("cleanupInterval", "1m"));
        Raw.Execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<2000) INSERT INTO state(key, value, is_binary, etag, expiration_time)
            SELECT 'k'||i, '1', 0, 'e', CASE WHEN i<=1700 THEN '2026-01-01 00:00:30.000' END FROM n
            """);
        _clock.Advance(TimeSpan.FromMinutes(1));

        await Eventually.TrueAsync(() => Raw.Count("state") == 300, "1700 expired rows to be deleted");
        Assert.Contains("state_expiration_time", Raw.Plan("SELECT key FROM state WHERE expiration_time<='2026-01-01 00:00:00.000' LIMIT 500"));
    }

    [Fact]
    public async Task A_file_that_is_full_refuses_writes_keeps_what_it_has_and_goes_on_once_there_is_room()
    {
        var store = await OpenAsync(("connectionString", "state.db?_pragma=max_page_count(40)"));
        var value = new byte[2000];
        var kept = 0;
        var failure = await Assert.ThrowsAsync<ComponentException>(async () =>
        {
            for (; kept < 1000; kept++)
                await store.SetAsync(new StateUpsert($"k{kept}", value, IsJson: false), CancellationToken.None);
        });
        Assert.Contains("disk is full", failure.Message);
        Assert.Contains(_folder.File("state.db"), failure.Message);

        // Both of a transaction or none, and nothing that was acknowledged is gone.
        await Assert.ThrowsAsync<ComponentException>(async () => await store.TransactAsync([new StateUpsert("small", "1"u8.ToArray()), new StateUpsert("big", new byte[50_000], IsJson: false)], CancellationToken.None));
        Assert.Null(await store.GetAsync("small", default, CancellationToken.None));
        Assert.Equal(kept, Raw.Count("state"));

        for (var number = 0; number < 10; number++)
            Assert.Equal(StateResult.Ok, await store.DeleteAsync(new StateDelete($"k{number}"), CancellationToken.None));
        Assert.Equal(StateResult.Ok, await store.SetAsync(new StateUpsert("again", value, IsJson: false), CancellationToken.None));
    }

    [Fact]
    public async Task Without_a_cleanup_interval_expired_rows_stay()
    {
        var store = await OpenAsync();
        await store.SetAsync(new StateUpsert("gone", "1"u8.ToArray()) { TtlInSeconds = 1 }, CancellationToken.None);

        Assert.Equal(0, _clock.ArmedTimers);
        Assert.Equal(1, Raw.Count("state"));
    }

    [Fact]
    public async Task Tables_can_be_named()
    {
        var store = await OpenAsync(("tableName", "my_items"), ("metadataTableName", "2meta"));
        await store.SetAsync(new StateUpsert("k", "1"u8.ToArray()), CancellationToken.None);

        Assert.Equal(1, Raw.Count("my_items"));
        Assert.Equal(1, Raw.Count("\"2meta\""));
    }

    [Theory]
    [InlineData("tableName", "a b")]
    [InlineData("metadataTableName", "x\"; --")]
    [InlineData("timeout", "10ms")]
    [InlineData("synchronous", "OFF")]
    [InlineData("busyTimeout", "soon")]
    public async Task A_field_that_is_wrong_is_named(string field, string value)
    {
        var failure = await Assert.ThrowsAsync<ComponentException>(() => OpenAsync((field, value)));
        Assert.Contains($"'{field}'", failure.Message);
    }

    [Theory]
    [InlineData("disableWAL", "true", "PRAGMA journal_mode", "delete")]
    [InlineData("timeoutInSeconds", "30", "PRAGMA journal_mode", "wal")]
    public async Task Fields_take_effect(string field, string value, string sql, string expected)
    {
        await OpenAsync((field, value));
        Assert.Equal(expected, Raw.Scalar(sql));
    }

    /// <summary>Each store has shared resources of its own, as if it were in a process of its own.</summary>
    private async Task<SqliteStateStore> OpenAsync(params (string, string)[] metadata)
    {
        var store = new SqliteStateStore();
        _stores.Add(store);
        await store.InitAsync(Contexts.For(_folder, time: _clock, metadata: [("connectionString", "state.db"), .. metadata]), CancellationToken.None);
        return store;
    }
}
