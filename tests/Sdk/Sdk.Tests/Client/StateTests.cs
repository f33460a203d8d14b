using System.Text;
using Dapr;
using Dapr.Client;
using Sdk.Tests.Fakes;

namespace Sdk.Tests.Client;

public sealed class StateTests : FakeSidecarTests
{
    [Fact]
    public async Task GetState_ReadsTheValueWithWebJson()
    {
        Sidecar.AnswerWith(200, """{"sku":"tea","quantity":2}""", etag: "7");
        var line = await Dapr.GetStateAsync<Line>("store", "a/b c", ConsistencyMode.Strong, new Dictionary<string, string> { ["partitionKey"] = "x&y" });

        Assert.Equal(new Line("tea", 2), line);
        Assert.Equal("GET", Sidecar.Only.Method);
        Assert.Equal("/v1.0/state/store/a%2Fb%20c?consistency=strong&metadata.partitionKey=x%26y", Sidecar.Only.Target);
    }

    [Fact]
    public async Task GetState_OfAMissingKey_IsDefaultWithAnEmptyETag()
    {
        var (value, etag) = await Dapr.GetStateAndETagAsync<Line?>("store", "none");
        Assert.Null(value);
        Assert.Equal("", etag);
        Assert.Equal(0, await Dapr.GetStateAsync<int>("store", "none"));
    }

    [Fact]
    public async Task GetStateEntry_CarriesTheETagIntoItsConditionalWrites()
    {
        Sidecar.AnswerWith(200, "5", etag: "41");
        var entry = await Dapr.GetStateEntryAsync<int>("store", "n");
        Sidecar.AnswerWith(204);
        entry.Value++;

        Assert.True(await entry.TrySaveAsync());
        Assert.True(await entry.TryDeleteAsync());
        Assert.Equal("""[{"key":"n","value":6,"etag":"41"}]""", Sidecar.Seen.ElementAt(1).Body);
        Assert.Equal("41", Sidecar.Seen.ElementAt(2).Headers.IfMatch);
    }

    [Fact]
    public async Task SaveState_SendsOneItemWithItsOptionsAndMetadata()
    {
        await Dapr.SaveStateAsync("store", "k", new Line("tea", 2), new StateOptions { Concurrency = ConcurrencyMode.LastWrite, Consistency = ConsistencyMode.Eventual }, new Dictionary<string, string> { ["ttlInSeconds"] = "60" });

        var request = Sidecar.Only;
        Assert.Equal("POST /v1.0/state/store", $"{request.Method} {request.Target}");
        Assert.Equal("application/json", request.Headers.ContentType);
        Assert.Equal("""[{"key":"k","value":{"sku":"tea","quantity":2},"metadata":{"ttlInSeconds":"60"},"options":{"concurrency":"last-write","consistency":"eventual"}}]""", request.Body);
    }

    [Fact]
    public async Task TrySaveState_OnAnETagConflict_IsFalse()
    {
        Sidecar.AnswerWith(409, """{"errorCode":"ERR_STATE_SAVE","message":"possible etag mismatch. error from state store"}""");
        Assert.False(await Dapr.TrySaveStateAsync("store", "k", 1, "3"));
        Assert.Contains("\"etag\":\"3\"", Sidecar.Only.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TrySaveState_FirstWriteWithAnEmptyETag_SendsNoETagAndIsFalseOnConflict()
    {
        var firstWrite = new StateOptions { Concurrency = ConcurrencyMode.FirstWrite };
        Assert.True(await Dapr.TrySaveStateAsync("store", "k", 1, "", firstWrite));
        Assert.Equal("""[{"key":"k","value":1,"options":{"concurrency":"first-write"}}]""", Sidecar.Only.Body);

        Sidecar.AnswerWith(409, """{"errorCode":"ERR_STATE_SAVE","message":"taken"}""");
        Assert.False(await Dapr.TrySaveStateAsync("store", "k", 1, "", firstWrite));
    }

    [Fact]
    public async Task TrySaveState_WithAnInvalidETag_Throws()
    {
        Sidecar.AnswerWith(400, """{"errorCode":"ERR_STATE_SAVE","message":"invalid etag value"}""");
        var failure = await Assert.ThrowsAsync<DaprApiException>(() => Dapr.TrySaveStateAsync("store", "k", 1, "x"));
        Assert.Equal("ERR_STATE_SAVE", failure.ErrorCode);
        Assert.Contains("invalid etag value", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SaveState_WithoutAnETag_ThrowsOnConflict()
    {
        Sidecar.AnswerWith(409, """{"errorCode":"ERR_STATE_SAVE","message":"taken"}""");
        await Assert.ThrowsAsync<DaprApiException>(() => Dapr.SaveStateAsync("store", "k", 1, new StateOptions { Concurrency = ConcurrencyMode.FirstWrite }));
    }

    [Fact]
    public async Task DeleteState_SendsOptionsInTheQuery()
    {
        await Dapr.DeleteStateAsync("store", "k", new StateOptions { Concurrency = ConcurrencyMode.FirstWrite });
        Assert.Equal("DELETE /v1.0/state/store/k?concurrency=first-write", $"{Sidecar.Only.Method} {Sidecar.Only.Target}");
        Assert.False(Sidecar.Only.Headers.ContainsKey("If-Match"));
    }

    [Fact]
    public async Task TryDeleteState_OnAnETagConflict_IsFalse()
    {
        Sidecar.AnswerWith(409, """{"errorCode":"ERR_STATE_DELETE","message":"possible etag mismatch"}""");
        Assert.False(await Dapr.TryDeleteStateAsync("store", "k", "3"));
        Assert.Equal("3", Sidecar.Only.Headers.IfMatch);
    }

    [Fact]
    public async Task ExecuteStateTransaction_SendsValuesAsJsonAndTheContentTypeBothWays()
    {
        StateTransactionRequest[] operations =
        [
            new("order", Encoding.UTF8.GetBytes("""{"total": 250}"""), StateOperationType.Upsert, metadata: new Dictionary<string, string> { ["contentType"] = "application/json" }, options: new StateOptions { Concurrency = ConcurrencyMode.FirstWrite }),
            new("cart", null, StateOperationType.Delete, etag: "9"),
        ];
        await Dapr.ExecuteStateTransactionAsync("orderstore", operations, new Dictionary<string, string> { ["m"] = "1" });

        Assert.Equal("POST /v1.0/state/orderstore/transaction", $"{Sidecar.Only.Method} {Sidecar.Only.Target}");
        Assert.Equal(
            """{"operations":[{"operation":"upsert","request":{"key":"order","value":{"total": 250},"contentType":"application/json","metadata":{"contentType":"application/json"},"options":{"concurrency":"first-write"}}},"""
            + """{"operation":"delete","request":{"key":"cart","etag":"9"}}],"metadata":{"m":"1"}}""",
            Sidecar.Only.Body);
    }

    [Fact]
    public async Task ExecuteStateTransaction_WithAValueThatIsNotJson_NamesTheKeyAndSendsNothing()
    {
        var failure = await Assert.ThrowsAsync<DaprException>(() => Dapr.ExecuteStateTransactionAsync("store", [new("broken", "{oops"u8.ToArray(), StateOperationType.Upsert)]));
        Assert.Contains("'broken'", failure.Message, StringComparison.Ordinal);
        Assert.NotNull(failure.InnerException);
        Assert.Empty(Sidecar.Seen);
    }

    [Fact]
    public async Task GetState_OfSomethingElse_SurfacesAsDaprExceptionWithTheCause()
    {
        Sidecar.AnswerWith(200, "\"text\"");
        var failure = await Assert.ThrowsAsync<DaprException>(() => Dapr.GetStateAsync<Line>("store", "k"));
        Assert.IsType<System.Text.Json.JsonException>(failure.InnerException);
    }

    private sealed record Line(string Sku, int Quantity);
}
