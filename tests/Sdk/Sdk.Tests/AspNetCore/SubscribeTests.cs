using System.Text.Json.Nodes;
using Dapr;
using Dapr.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Sdk.Tests.Fakes;

namespace Sdk.Tests.AspNetCore;

public sealed class SubscribeTests
{
    [Fact]
    public async Task OneEndpointOfATopic_IsASimpleRoute() => await AssertListAsync(
        """[{"pubsubname":"pubsub","topic":"orders","route":"/events/orders"}]""",
        app => app.MapPost("/events/orders", () => { }).WithTopic("pubsub", "orders"));

    [Fact]
    public async Task SeveralEndpointsOfATopic_AreRulesByPriorityWithADefault() => await AssertListAsync(
        """[{"pubsubname":"pubsub","topic":"stock","routes":{"rules":[{"match":"event.type == \"a\"","path":"/a"},{"match":"event.type == \"b\"","path":"/b"}],"default":"/rest"},"deadLetterTopic":"poison"}]""",
        app =>
        {
            app.MapPost("/b", () => { }).WithTopic(new TopicOptions { PubsubName = "pubsub", Name = "stock", Match = "event.type == \"b\"", Priority = 2 });
            app.MapPost("/rest", () => { }).WithTopic("pubsub", "stock");
            app.MapPost("/a", () => { }).WithTopic(new TopicOptions { PubsubName = "pubsub", Name = "stock", Match = "event.type == \"a\"", Priority = 1, DeadLetterTopic = "poison" });
        });

    [Fact]
    public async Task RulesWithoutADefault_HaveNone() => await AssertListAsync(
        """[{"pubsubname":"p","topic":"t","routes":{"rules":[{"match":"true","path":"/a"}]}}]""",
        app => app.MapPost("/a", [Topic("p", "t", "true", 1)] () => { }));

    [Fact]
    public async Task MetadataAndRawPayload_AreListed() => await AssertListAsync(
        """[{"pubsubname":"p","topic":"t","route":"/t","metadata":{"group":"g","rawPayload":"true"}}]""",
        app => app.MapPost("/t", () => { }).WithTopic("p", "t", enableRawPayload: true, new Dictionary<string, string> { ["group"] = "g" }));

    [Fact]
    public async Task OwnedMetadata_GoToTheirTopicOnly_JoinedByTheSeparator() => await AssertListAsync(
        """[{"pubsubname":"p","topic":"a","route":"/t","metadata":{"k":"1;2"}},{"pubsubname":"p","topic":"b","route":"/t"}]""",
        app => app.MapPost("/t", [Topic("p", "b"), Topic("p", "a", ["own"], ";"), TopicMetadata("own", "k", "1"), TopicMetadata("own", "k", "2")] () => { }));

    [Fact]
    public async Task OneEndpointOfSeveralTopics_IsListedForEach_InOrder() => await AssertListAsync(
        """[{"pubsubname":"p","topic":"a","route":"/t"},{"pubsubname":"p","topic":"b","route":"/t"}]""",
        app => app.MapPost("/t", () => { }).WithTopic("p", "b").WithTopic("p", "a"));

    [Fact]
    public async Task ARouteInAGroup_IsListedWithItsWholePath() => await AssertListAsync(
        """[{"pubsubname":"p","topic":"t","route":"/events/stock/x"}]""",
        app => app.MapGroup("/events").MapPost("stock/x", () => { }).WithTopic("p", "t"));

    [Fact]
    public async Task ARouteWithParameters_IsLeftOut() => await AssertListAsync("[]", app => app.MapPost("/t/{id}", (string id) => id).WithTopic("p", "t"));

    [Fact]
    public async Task BulkSubscribe_IsListedWithTheTopicItBelongsTo() => await AssertListAsync(
        """
        [{"pubsubname":"p","topic":"a","route":"/t","bulkSubscribe":{"enabled":true,"maxMessagesCount":10,"maxAwaitDurationMs":1000}},{"pubsubname":"p","topic":"b","route":"/t"},
         {"pubsubname":"p","topic":"c","route":"/c","bulkSubscribe":{"enabled":true,"maxMessagesCount":100,"maxAwaitDurationMs":5}}]
        """,
        app =>
        {
            app.MapPost("/t", [Topic("p", "a"), Topic("p", "b"), BulkSubscribe("a", 10)] () => { });
            app.MapPost("/c", () => { }).WithTopic("p", "c").WithBulkSubscribe(new BulkSubscribeTopicOptions { TopicName = "c", MaxAwaitDurationMs = 5 });
        });

    [Fact]
    public async Task RawPayloadForAll_IsAnOption()
    {
        await using var app = await FakeApp.StartAsync(app =>
        {
            app.MapSubscribeHandler(new SubscribeOptions { EnableRawPayload = true });
            app.MapPost("/t", () => { }).WithTopic("p", "t");
        });
        Assert.Equal("""[{"pubsubname":"p","topic":"t","route":"/t","metadata":{"rawPayload":"true"}}]""", await app.Client.GetStringAsync("/dapr/subscribe"));
    }

    [Fact]
    public void WithTopic_WithoutAName_Throws()
    {
        using var app = WebApplication.CreateSlimBuilder().Build();
        Assert.Throws<ArgumentException>(() => app.MapPost("/t", () => { }).WithTopic(new TopicOptions { PubsubName = "p" }));
    }

    private static async Task AssertListAsync(string expected, Action<WebApplication> map)
    {
        await using var app = await FakeApp.StartAsync(app =>
        {
            app.MapSubscribeHandler();
            map(app);
        });
        var list = JsonNode.Parse(await app.Client.GetStringAsync("/dapr/subscribe"));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), list), $"expected {expected}\nbut got  {list!.ToJsonString()}");
    }
}
