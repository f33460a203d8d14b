using Dapr;
using Dapr.Client;
using Sdk.Tests.Fakes;

namespace Sdk.Tests.Client;

/// <summary>What bulk calls put on the wire, and what they make of answers that a healthy sidecar does not give.</summary>
public sealed class BulkTests : FakeSidecarTests
{
    [Fact]
    public async Task GetBulkState_SendsKeysParallelismAndMetadata()
    {
        Sidecar.AnswerWith(200, """[{"key":"a","data":null,"etag":"1"},{"key":"b"}]""");
        var items = await Dapr.GetBulkStateAsync("store", ["a", "b"], parallelism: 3, new Dictionary<string, string> { ["partitionKey"] = "p" });
        Assert.Equal("POST /v1.0/state/store/bulk", $"{Sidecar.Only.Method} {Sidecar.Only.Target}");
        Assert.Equal("""{"keys":["a","b"],"parallelism":3,"metadata":{"partitionKey":"p"}}""", Sidecar.Only.Body);
        // A stored null is not the same as nothing.
        Assert.Equal([("null", "1"), ("", "")], items.Select(item => (item.Value, item.ETag)));
    }

    [Fact]
    public async Task GetBulkState_WithAKeyThatCouldNotBeRead_ThrowsAndNamesIt()
    {
        Sidecar.AnswerWith(200, """[{"key":"good","data":1},{"key":"bad","error":"sector lost"}]""");
        var failure = await Assert.ThrowsAsync<DaprApiException>(() => Dapr.GetBulkStateAsync<int>("store", ["good", "bad"], null));
        Assert.Contains("'bad' (sector lost)", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetBulkState_OfSomethingElse_NamesTheKey()
    {
        Sidecar.AnswerWith(200, """[{"key":"k","data":"text"}]""");
        var failure = await Assert.ThrowsAsync<DaprException>(() => Dapr.GetBulkStateAsync<int>("store", ["k"], null));
        Assert.Contains("'k'", failure.Message, StringComparison.Ordinal);
        Assert.IsType<System.Text.Json.JsonException>(failure.InnerException);
    }

    [Fact]
    public async Task BulkCalls_WithoutAnyItem_AreRefusedBeforeTheyAreSent()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Dapr.GetBulkStateAsync("store", [], null));
        await Assert.ThrowsAsync<ArgumentException>(() => Dapr.SaveBulkStateAsync<int>("store", []));
        await Assert.ThrowsAsync<ArgumentException>(() => Dapr.DeleteBulkStateAsync("store", []));
        Assert.Empty(Sidecar.Seen);
    }

    [Fact]
    public async Task SaveBulkState_SendsEachItemWithItsOwnOptions()
    {
        await Dapr.SaveBulkStateAsync("store", [new SaveStateItem<int>("a", 1, "7"), new("b", 2, "", new StateOptions { Concurrency = ConcurrencyMode.FirstWrite }, new Dictionary<string, string> { ["ttlInSeconds"] = "3" })]);
        Assert.Equal(
            """[{"key":"a","value":1,"etag":"7"},{"key":"b","value":2,"metadata":{"ttlInSeconds":"3"},"options":{"concurrency":"first-write"}}]""", Sidecar.Only.Body);
    }

    [Fact]
    public async Task QueryState_ReadsResultsAndToken_AndThrowsForItemsThatCouldNotBeRead()
    {
        Sidecar.AnswerWith(200, """{"results":[{"key":"a","data":1,"etag":"e"}],"token":"next","metadata":{"m":"1"}}""");
        var found = await Dapr.QueryStateAsync<int>("store", "{}", new Dictionary<string, string> { ["queryIndexName"] = "i" });
        Assert.Equal("POST /v1.0-alpha1/state/store/query?metadata.queryIndexName=i {}", $"{Sidecar.Only.Method} {Sidecar.Only.Target} {Sidecar.Only.Body}");
        Assert.Equal(("a", 1, "e", "next", "1"), (found.Results[0].Key, found.Results[0].Data, found.Results[0].ETag, found.Token, found.Metadata["m"]));

        Sidecar.AnswerWith(204);
        Assert.Empty((await Dapr.QueryStateAsync<int>("store", "{}")).Results);
        Sidecar.AnswerWith(200, """{"results":[{"key":"a","data":1},{"key":"b","error":"bad"}]}""");
        var failure = await Assert.ThrowsAsync<StateQueryException<int>>(() => Dapr.QueryStateAsync<int>("store", "{}"));
        Assert.Equal(["b"], failure.FailedKeys);
        Assert.Equal(2, failure.Response.Results.Count);
    }

    [Fact]
    public async Task BulkPublish_SendsEveryEventUnderAnIdOfItsOwn()
    {
        CloudEvent[] events = [new CloudEvent<Total>(new Total(1)) { Type = "t" }, new CloudEvent<Total>(new Total(2))];
        Assert.Empty((await Dapr.BulkPublishEventAsync("pubsub", "a/b", events, new Dictionary<string, string> { ["rawPayload"] = "false" })).FailedEntries);
        Assert.Empty((await Dapr.BulkPublishEventAsync("pubsub", "t", new[] { new Total(3) })).FailedEntries);

        Assert.Equal("POST /v1.0/publish/bulk/pubsub/a%2Fb?metadata.rawPayload=false", $"{Sidecar.Seen.First().Method} {Sidecar.Seen.First().Target}");
        Assert.Equal(
            """[{"entryId":"0","event":{"data":{"cents":1},"datacontenttype":"application/json","type":"t"},"contentType":"application/cloudevents+json"},"""
            + """{"entryId":"1","event":{"data":{"cents":2},"datacontenttype":"application/json"},"contentType":"application/cloudevents+json"}]""",
            Sidecar.Seen.First().Body.Replace("\\u002B", "+", StringComparison.Ordinal));
        Assert.Equal("""[{"entryId":"0","event":{"cents":3},"contentType":"application/json"}]""", Sidecar.Seen.Last().Body);
    }

    [Fact]
    public async Task BulkPublish_TellsWhichEventsFailed_AndThrowsWhenTheCallWasRefused()
    {
        Sidecar.AnswerWith(500, """{"failedEntries":[{"entryId":"1","error":"too large"}],"errorCode":"ERR_PUBSUB_PUBLISH_MESSAGE"}""");
        var failed = Assert.Single((await Dapr.BulkPublishEventAsync("pubsub", "t", new[] { "a", "b" })).FailedEntries);
        Assert.Equal(("b", "1", "too large"), (failed.Entry.EventData, failed.Entry.EntryId, failed.ErrorMessage));

        Sidecar.AnswerWith(403, """{"errorCode":"ERR_PUBSUB_FORBIDDEN","message":"no"}""");
        Assert.Equal("ERR_PUBSUB_FORBIDDEN", (await Assert.ThrowsAsync<DaprApiException>(() => Dapr.BulkPublishEventAsync("pubsub", "t", new[] { 1 }))).ErrorCode);
    }

    private sealed record Total(int Cents);
}
