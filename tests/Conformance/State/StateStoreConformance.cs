using System.Text;
using Sidecar.Components;
using Sidecar.Components.State;
using TestSupport;
using TestSupport.Brokers;

namespace Conformance.State;

/// <summary>
/// The rules of <see cref="IStateStore"/>. A driver joins by deriving a class that passes its <see cref="StateStoreTarget"/>.
/// </summary>
public abstract partial class StateStoreConformance(StateStoreTarget target) : IAsyncLifetime
{
    private readonly ComponentHost _host = new();
    private readonly FakeClock _clock = new();

    /// <summary>Stands before every key, because tests share a server.</summary>
    private readonly string _prefix = $"{Guid.NewGuid():N}||";
    private IStateStore _store = null!;

    private static CancellationToken None => CancellationToken.None;

    public async ValueTask InitializeAsync() => _store = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Features_are_those_of_the_contract() => Assert.Equal(target.Features, _store.Features);

    [Fact]
    public async Task A_key_that_was_never_saved_is_absent() => Assert.Null(await GetAsync("nothing"));

    [Fact]
    public async Task What_was_saved_is_read_back_with_an_etag()
    {
        Assert.Equal(StateResult.Ok, await SaveAsync("k", "\"v\""));

        var item = await GetAsync("k");
        Assert.Equal("\"v\"", Text(item));
        Assert.NotEqual("", item!.ETag);
        Assert.Null(item.ExpiresAt);
    }

    [Fact]
    public async Task The_last_write_wins_and_gives_a_new_etag()
    {
        await SaveAsync("k", "1");
        var first = await GetAsync("k");
        await SaveAsync("k", "2");

        var second = await GetAsync("k");
        Assert.Equal("2", Text(second));
        Assert.NotEqual(first!.ETag, second!.ETag);
    }

    [Fact]
    public async Task The_same_value_saved_again_gives_a_new_etag()
    {
        await SaveAsync("k", "1");
        var first = await GetAsync("k");
        await SaveAsync("k", "1");

        Assert.NotEqual(first!.ETag, (await GetAsync("k"))!.ETag);
    }

    [Fact]
    public async Task Keys_differ_by_case_and_by_every_character()
    {
        await SaveAsync("key", "1");
        await SaveAsync("KEY", "2");
        await SaveAsync("key ", "3");

        Assert.Equal(("1", "2", "3"), (Text(await GetAsync("key")), Text(await GetAsync("KEY")), Text(await GetAsync("key "))));
    }

    [Theory]
    [InlineData("app||order-1")]
    [InlineData("it's \"quoted\"; DROP TABLE state; --")]
    [InlineData("schlüssel/钥匙/🔑")]
    [InlineData("a%_*?[b]\\c")]
    [InlineData("line\nbreak\tand tab")]
    [InlineData("very long")]
    public async Task Any_text_can_be_a_key(string key)
    {
        if (key == "very long")
            key = new string('k', 4000);
        await SaveAsync(key, "1");

        Assert.Equal("1", Text(await GetAsync(key)));
        Assert.Equal(StateResult.Ok, await DeleteAsync(key));
        Assert.Null(await GetAsync(key));
    }

    [Fact]
    public async Task Bytes_come_back_as_they_were()
    {
        byte[] bytes = [.. Enumerable.Range(0, 256).Select(value => (byte)value)];
        await _store.SetAsync(new StateUpsert(Key("k"), bytes, IsJson: false), None);

        var item = await GetAsync("k");
        Assert.Equal(bytes, item!.Value.ToArray());
    }

    [Fact]
    public async Task No_bytes_at_all_are_a_value()
    {
        await _store.SetAsync(new StateUpsert(Key("k"), ReadOnlyMemory<byte>.Empty, IsJson: false), None);

        Assert.Equal(0, (await GetAsync("k"))!.Value.Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_megabyte_comes_back_as_it_was(bool isJson)
    {
        var value = isJson ? Encoding.UTF8.GetBytes($"\"{new string('é', 500_000)}\"") : new byte[1 << 20];
        if (!isJson)
            new Random(1).NextBytes(value);
        await _store.SetAsync(new StateUpsert(Key("k"), value, isJson), None);

        var read = await GetAsync("k");
        Assert.True(value.AsSpan().SequenceEqual(read!.Value.Span), "the value differs");
    }

    [Fact]
    public async Task A_buffer_may_be_used_again_after_the_save()
    {
        var buffer = "1234567"u8.ToArray();
        await _store.SetAsync(new StateUpsert(Key("k"), buffer.AsMemory(0, 7)), None);
        Array.Clear(buffer);

        Assert.Equal("1234567", Text(await GetAsync("k")));
    }

    [Fact]
    public async Task Many_callers_at_once_all_have_their_value_saved()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 200).Select(number => SaveAsync($"k{number}", $"{number}")));

        Assert.All(results, result => Assert.Equal(StateResult.Ok, result));
        for (var number = 0; number < 200; number++)
            Assert.Equal($"{number}", Text(await GetAsync($"k{number}")));
    }

    [Fact]
    public async Task A_cancelled_call_throws_and_saves_nothing()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _store.SetAsync(new StateUpsert(Key("k"), "1"u8.ToArray()), cancelled.Token));
        Assert.Null(await GetAsync("k"));
    }

    [Fact]
    public async Task Two_components_of_that_name_in_one_process_see_the_same_data()
    {
        var second = await OpenAsync();
        await SaveAsync("k", "1");

        Assert.Equal("1", Text(await second.GetAsync(Key("k"), default, None)));
    }

    [Fact]
    public async Task After_a_restart_a_durable_store_has_everything_and_a_volatile_one_nothing()
    {
        await SaveAsync("k", "1");
        var before = await GetAsync("k");
        await _host.CloseAsync(_store);
        _store = await OpenAsync();

        var after = await GetAsync("k");
        Assert.Equal(target.IsDurable ? ("1", before!.ETag) : (null, null), (Text(after), after?.ETag));
    }

    [Fact]
    public async Task A_second_process_sees_what_a_durable_store_saved()
    {
        Assert.SkipUnless(target.IsDurable, "not shared between processes");
        var other = await OpenAsync(_host.OtherProcess);
        await SaveAsync("k", "1");
        var item = await other.GetAsync(Key("k"), default, None);
        await other.SetAsync(new StateUpsert(Key("k"), "2"u8.ToArray()) { ETag = item!.ETag }, None);

        Assert.Equal("2", Text(await GetAsync("k")));
    }

    private async Task<IStateStore> OpenAsync(SharedResources? shared = null, BrokerServer? server = null, Dictionary<string, string>? metadata = null)
    {
        var all = target.Metadata(_host.Folder);
        if (target.Server is { } kind)
            all = all.Concat(metadata ?? (server ?? await BrokerServer.SharedAsync(kind)).Metadata).GroupBy(field => field.Key).ToDictionary(field => field.Key, field => field.Last().Value);
        return await _host.OpenAsync<IStateStore>(target.Type, all, shared, time: target.FollowsClock ? _clock : null, version: target.Version);
    }

    private string Key(string key) => _prefix + key;

    private ValueTask<StateItem?> GetAsync(string key) => _store.GetAsync(Key(key), default, None);

    private Task<StateResult> SaveAsync(string key, string value, string? etag = null, StateConcurrency concurrency = default, int? ttl = null) =>
        _store.SetAsync(Upsert(key, value, etag, concurrency, ttl), None).AsTask();

    private Task<StateResult> DeleteAsync(string key, string? etag = null) =>
        _store.DeleteAsync(new StateDelete(Key(key)) { ETag = etag }, None).AsTask();

    private Task<StateResult> TransactAsync(params StateOperation[] operations) => _store.TransactAsync(operations, None).AsTask();

    private StateUpsert Upsert(string key, string value, string? etag = null, StateConcurrency concurrency = default, int? ttl = null) =>
        new(Key(key), Encoding.UTF8.GetBytes(value)) { ETag = etag, Concurrency = concurrency, TtlInSeconds = ttl };

    private static string? Text(StateItem? item) => item is null ? null : Encoding.UTF8.GetString(item.Value.Span);
}
