using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using TestSupport;

namespace Sidecar.Daprd.Tests;

/// <summary>Batches through real sidecars on the embedded components.</summary>
public sealed class BulkTests : IAsyncLifetime
{
    private const string ThreeEntries =
        """
        [{"entryId":"1","event":"one","contentType":"text/plain"},{"entryId":"2","event":"two","contentType":"text/plain"},
         {"entryId":"3","event":"three","contentType":"text/plain"}]
        """;

    private readonly TempFolder _folder = new();
    private TestApp _app = null!;

    public async ValueTask InitializeAsync() => _app = await TestApp.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    [Contract(39, 62)]
    public async Task In_memory_a_bulk_publish_goes_one_by_one_and_comes_in_batches_of_one()
    {
        _folder.Write("components/pubsub.yaml", Sets.Component("pubsub", "pubsub.in-memory"));
        _folder.Write("components/subscription.yaml", Subscription(100, 1));
        AnswerAll("SUCCESS");
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder, "me", _app.Port);

        using var accepted = await PublishAsync(daprd);

        Assert.Equal(HttpStatusCode.NoContent, accepted.StatusCode);
        foreach (var text in new[] { "one", "two", "three" })
            Assert.Equal([text], DataOf(await _app.NextAsync("/work")));
    }

    [Fact]
    [Contract(38, 61)]
    public async Task Of_a_batch_only_what_the_app_asks_for_comes_again()
    {
        _folder.WithSqlite().Write("components/subscription.yaml", Subscription(3, 60_000));
        AnswerAll("SUCCESS", exceptTwo: "RETRY");
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder, "me", _app.Port);

        using var accepted = await PublishAsync(daprd);
        Assert.Equal(["one", "two", "three"], DataOf(await _app.NextAsync("/work")));

        // Two more fill the batch that the retry waits in.
        AnswerAll("SUCCESS");
        using var more = await daprd.Client.PostAsync("/v1.0/publish/bulk/pubsub/work", Json(
            """[{"entryId":"4","event":"four","contentType":"text/plain"},{"entryId":"5","event":"five","contentType":"text/plain"}]"""));
        Assert.Equal(["five", "four", "two"], DataOf(await _app.NextAsync("/work")).Order());
    }

    [Fact]
    [Contract(61)]
    public async Task A_batch_that_a_killed_sidecar_had_in_hand_is_delivered_again_whole()
    {
        _folder.WithSqlite().Write("components/subscription.yaml", Subscription(3, 60_000));
        var inHand = new TaskCompletionSource();
        _app.On("/work", async (context, _) =>
        {
            inHand.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        await using var first = await DaprdProcess.StartHealthyAsync(_folder, "worker", _app.Port);
        (await PublishAsync(first)).Dispose();
        await inHand.Task.WithinAsync("the batch in the first sidecar's hand");

        first.Process.KillAlone();
        await first.Process.ExitAsync();

        // The request of the killed one has ended, and only with it.
        await _app.NextAsync("/work");
        AnswerAll("SUCCESS");
        await using var second = await DaprdProcess.StartHealthyAsync(_folder, "worker", _app.Port);

        Assert.Equal(["one", "three", "two"], DataOf(await _app.NextAsync("/work")).Order());
    }

    [Fact]
    public async Task The_metadata_tell_which_broker_takes_batches_and_which_topics_the_app_gets()
    {
        _folder.WithSqlite().Write("components/memory.yaml", Sets.Component("memory", "pubsub.in-memory"));
        _folder.Write("components/subscription.yaml", Subscription(3, 10));
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder, "me");

        var metadata = JsonNode.Parse(await daprd.Client.GetStringAsync(new Uri("/v1.0/metadata", UriKind.Relative)))!;

        var capabilities = metadata["components"]!.AsArray().ToDictionary(component => (string)component!["name"]!, component => component!["capabilities"]?.AsArray().Select(name => (string?)name));
        Assert.Equal(["MESSAGE_TTL", "BULK_PUBSUB"], capabilities["pubsub"]!);
        Assert.Equal(["SUBSCRIBE_WILDCARDS"], capabilities["memory"]!);
        Assert.Equal("""[{"pubsubname":"pubsub","topic":"work","rules":[{"path":"/work"}],"deadLetterTopic":"","type":"DECLARATIVE"}]""", metadata["subscriptions"]!.ToJsonString());
    }

    private static string Subscription(int count, int awaitMs) =>
        $$"""
        apiVersion: dapr.io/v1alpha1
        kind: Subscription
        metadata:
          name: work
        spec:
          pubsubname: pubsub
          topic: work
          route: /work
          bulkSubscribe: { enabled: true, maxMessagesCount: {{count}}, maxAwaitDurationMs: {{awaitMs}} }
        """;

    private void AnswerAll(string status, string? exceptTwo = null) => _app.On("/work", async (context, request) =>
    {
        var statuses = Entries(request).Select(entry => new JsonObject
        {
            ["entryId"] = (string?)entry!["entryId"],
            ["status"] = (string?)entry["event"]!["data"] == "two" ? exceptTwo ?? status : status,
        });
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(new JsonObject { ["statuses"] = new JsonArray([.. statuses]) }.ToJsonString()));
    });

    private static JsonArray Entries(AppRequest request) => JsonNode.Parse(request.Text)!["entries"]!.AsArray();

    private static string[] DataOf(AppRequest request) => [.. Entries(request).Select(entry => (string)entry!["event"]!["data"]!)];

    private static Task<HttpResponseMessage> PublishAsync(DaprdProcess daprd) => daprd.Client.PostAsync("/v1.0/publish/bulk/pubsub/work", Json(ThreeEntries));

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");
}
