using System.Text;
using Dapr;
using Dapr.Client;

namespace Sdk.Tests.Client;

/// <summary>The state members of the client against a sidecar of this repository.</summary>
public sealed class RealStateTests(RealSidecar sidecar) : IClassFixture<RealSidecar>
{
    private const string Store = RealSidecar.Store;

    private readonly DaprClient _dapr = sidecar.Client;
    private readonly string _prefix = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task BulkState_IsSavedReadAndDeletedWithItsVersions()
    {
        await _dapr.SaveBulkStateAsync(Store, [new SaveStateItem<Line>(Key("a"), new Line("tea", 1), ""), new(Key("b"), new Line("milk", 2), "")]);
        var typed = await _dapr.GetBulkStateAsync<Line>(Store, [Key("b"), Key("none"), Key("a")], parallelism: 2);
        Assert.Equal([(Key("b"), new Line("milk", 2)), (Key("none"), null), (Key("a"), new Line("tea", 1))], typed.Select(item => (item.Key, (Line?)item.Value)));
        Assert.Equal("", typed[1].ETag);
        Assert.Equal((await _dapr.GetStateAndETagAsync<Line>(Store, Key("b"))).etag, typed[0].ETag);

        var raw = await _dapr.GetBulkStateAsync(Store, [Key("a"), Key("none")], parallelism: null);
        Assert.Equal(["""{"quantity":1,"sku":"tea"}""", ""], raw.Select(item => item.Value));

        await _dapr.DeleteBulkStateAsync(Store, [new BulkDeleteStateItem(Key("a"), typed[2].ETag), new(Key("b"), ""), new(Key("none"), "")]);
        Assert.All(await _dapr.GetBulkStateAsync(Store, [Key("a"), Key("b")], null), item => Assert.Equal("", item.Value));
    }

    [Fact]
    public async Task BulkState_WithAnOutdatedVersion_ThrowsAndDoesTheRest()
    {
        await _dapr.SaveBulkStateAsync(Store, [new SaveStateItem<int>(Key("a"), 1, ""), new(Key("b"), 1, "")]);
        var refused = await Assert.ThrowsAsync<DaprApiException>(() => _dapr.SaveBulkStateAsync(Store, [new SaveStateItem<int>(Key("a"), 2, "old"), new(Key("b"), 2, "")]));
        Assert.Equal("ERR_STATE_SAVE", refused.ErrorCode);
        Assert.Equal([1, 2], (await _dapr.GetBulkStateAsync<int>(Store, [Key("a"), Key("b")], null)).Select(item => item.Value));

        await Assert.ThrowsAsync<DaprApiException>(() => _dapr.DeleteBulkStateAsync(Store, [new BulkDeleteStateItem(Key("a"), "old"), new(Key("b"), "")]));
        Assert.Equal(["1", ""], (await _dapr.GetBulkStateAsync(Store, [Key("a"), Key("b")], null)).Select(item => item.Value));
    }

    [Theory]
    [InlineData(RealSidecar.Store)]
    [InlineData(RealSidecar.EncryptedStore)]
    public async Task Bytes_AreReadBackAsTheyWereSaved(string store)
    {
        byte[] bytes = [.. Enumerable.Range(0, 256).Select(value => (byte)value)];
        await _dapr.SaveByteStateAsync(store, Key("bytes"), bytes);
        var (read, etag) = await _dapr.GetByteStateAndETagAsync(store, Key("bytes"));
        Assert.Equal(bytes, read.ToArray());

        Assert.True(await _dapr.TrySaveByteStateAsync(store, Key("bytes"), ReadOnlyMemory<byte>.Empty, etag));
        Assert.False(await _dapr.TrySaveByteStateAsync(store, Key("bytes"), bytes, etag));
        Assert.Equal(0, (await _dapr.GetByteStateAsync(store, Key("bytes"))).Length);
        Assert.Equal((0, ""), (await _dapr.GetByteStateAndETagAsync(store, Key("none")) is var (none, version) ? (none.Length, version) : default));
    }

    [Fact]
    public async Task Bytes_LookToOtherReadersLikeADataUri_AndOtherValuesReadAsTheirText()
    {
        await _dapr.SaveByteStateAsync(Store, Key("bytes"), "hi"u8.ToArray());
        Assert.Equal("data:application/octet-stream;base64,aGk=", await _dapr.GetStateAsync<string>(Store, Key("bytes")));

        // Base64 by chance, which must not be taken for bytes of ours.
        await _dapr.SaveStateAsync(Store, Key("text"), "abcd");
        Assert.Equal("\"abcd\"", Encoding.UTF8.GetString((await _dapr.GetByteStateAsync(Store, Key("text"))).Span));
        await _dapr.SaveStateAsync(Store, Key("text"), "data:application/octet-stream;base64,not really");
        Assert.Equal("\"data:application/octet-stream;base64,not really\"", Encoding.UTF8.GetString((await _dapr.GetByteStateAsync(Store, Key("text"))).Span));
    }

    [Fact]
    public async Task StateEntry_WritesOnlyOverWhatItHasRead()
    {
        var first = await _dapr.GetStateEntryAsync<Line?>(Store, Key("entry"));
        Assert.Null(first.Value);
        first.Value = new Line("tea", 1);
        await first.SaveAsync();

        var (one, two) = (await _dapr.GetStateEntryAsync<Line?>(Store, Key("entry")), await _dapr.GetStateEntryAsync<Line?>(Store, Key("entry")));
        one.Value = one.Value! with { Quantity = 2 };
        Assert.True(await one.TrySaveAsync());
        Assert.False(await two.TrySaveAsync());
        Assert.False(await two.TryDeleteAsync());
        await two.DeleteAsync();
        Assert.Null(await _dapr.GetStateAsync<Line?>(Store, Key("entry")));
    }

    [Fact]
    public async Task Transaction_IsAllOrNothing()
    {
        await _dapr.SaveStateAsync(Store, Key("kept"), 1);
        StateTransactionRequest[] operations = [new(Key("new"), "2"u8.ToArray(), StateOperationType.Upsert), new(Key("kept"), null, StateOperationType.Delete, etag: "old")];
        var refused = await Assert.ThrowsAsync<DaprApiException>(() => _dapr.ExecuteStateTransactionAsync(Store, operations));
        Assert.Equal("ERR_STATE_TRANSACTION", refused.ErrorCode);
        Assert.Equal(0, await _dapr.GetStateAsync<int>(Store, Key("new")));

        operations[1].ETag = null;
        await _dapr.ExecuteStateTransactionAsync(Store, operations);
        Assert.Equal((2, 0), (await _dapr.GetStateAsync<int>(Store, Key("new")), await _dapr.GetStateAsync<int>(Store, Key("kept"))));
    }

    [Fact]
    public async Task Query_SurfacesThatTheStoreCannot()
    {
        var refused = await Assert.ThrowsAsync<DaprApiException>(() => _dapr.QueryStateAsync<Line>(Store, """{"filter":{"EQ":{"sku":"tea"}}}"""));
        Assert.Equal("ERR_STATE_STORE_NOT_SUPPORTED", refused.ErrorCode);
        Assert.Contains("does not support querying", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnUnknownStore_SurfacesWithItsCode()
    {
        var refused = await Assert.ThrowsAsync<DaprApiException>(() => _dapr.GetBulkStateAsync("other", ["k"], null));
        Assert.Equal("ERR_STATE_STORE_NOT_FOUND", refused.ErrorCode);
    }

    private string Key(string name) => $"{_prefix}-{name}";

    private sealed record Line(string Sku, int Quantity);
}
