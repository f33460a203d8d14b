using System.Text;
using System.Text.Json;
using Sidecar.Components;
using Sidecar.Components.PubSub;
using TestSupport;

namespace Sidecar.Runtime.Tests.PubSub;

/// <summary>Publishing many messages with one call (contract section 2.6).</summary>
public sealed class BulkPublishTests
{
    private const string TwoEntries =
        """[{"entryId":"1","event":"one","contentType":"text/plain"},{"entryId":"2","event":{"n":12345678901234567890},"contentType":"application/json"}]""";

    [Theory]
    [InlineData("v1.0")]
    [InlineData("v1.0-alpha1")]
    [Contract(38)]
    public async Task Good_entries_are_published_in_their_order(string version)
    {
        await using var host = await PubSubHost.StartAsync();

        using var response = await host.BulkPublishAsync("pubsub/orders", TwoEntries, version);

        Assert.Equal((204, ""), ((int)response.StatusCode, await response.Content.ReadAsStringAsync()));
        var events = host.Broker.Published.Select(message => JsonElement.Parse(message.Data.Span)).ToList();
        Assert.Equal("one", events[0].GetProperty("data").GetString());
        Assert.Equal("12345678901234567890", events[1].GetProperty("data").GetProperty("n").GetRawText());
        Assert.All(events, cloudEvent => Assert.Equal("orders", cloudEvent.GetProperty("topic").GetString()));
        Assert.Equal(["text/plain", "application/json"], events.Select(cloudEvent => cloudEvent.GetProperty("datacontenttype").GetString()));
    }

    [Theory]
    [InlineData("text/html", "\"a\"", "data", "\"a\"")]
    [InlineData("application/xml; charset=utf-8", "\"<a/>\"", "data", "\"<a/>\"")]
    [InlineData("application/octet-stream", "\"AQI=\"", "data_base64", "\"AQI=\"")]
    [InlineData("application/json", "\"text\"", "data", "\"text\"")]
    [InlineData("application/json;charset=utf-8", "null", "data", "null")]
    [InlineData("application/cloudevents+json", """{"id":"e1","data":{"a":1}}""", "data", """{"a":1}""")]
    [Contract(38)]
    public async Task An_event_is_read_by_its_content_type(string contentType, string body, string member, string data)
    {
        await using var host = await PubSubHost.StartAsync();

        using var response = await host.BulkPublishAsync("pubsub/orders", $$"""[{"entryId":"1","event":{{body}},"contentType":"{{contentType}}"}]""");

        Assert.Equal(204, (int)response.StatusCode);
        Assert.Equal(data, JsonElement.Parse(Assert.Single(host.Broker.Published).Data.Span).GetProperty(member).GetRawText());
    }

    [Theory]
    [InlineData("text/plain", "{}")]
    [InlineData("text/plain", "1")]
    [InlineData("application/xml", "null")]
    [InlineData("application/octet-stream", "\"***\"")]
    [InlineData("application/octet-stream", "{}")]
    [InlineData("image/png", "\"AQI=\"")]
    [InlineData("", "\"a\"")]
    [Contract(38)]
    public async Task An_event_that_its_content_type_does_not_fit_refuses_the_whole_call(string contentType, string body)
    {
        await using var host = await PubSubHost.StartAsync();

        using var response = await host.BulkPublishAsync(
            "pubsub/orders", $$"""[{"entryId":"1","event":"good","contentType":"text/plain"},{"entryId":"2","event":{{body}},"contentType":"{{contentType}}"}]""");

        await AssertErrorAsync(response, 400, "ERR_PUBSUB_EVENTS_SER", "DAPR_PUBSUB_MARSHAL_ENVELOPE");
        Assert.Empty(host.Broker.Published);
    }

    [Theory]
    [InlineData("""[{"entryId":"1","event":"a","contentType":"text/plain"},{"entryId":"1","event":"b","contentType":"text/plain"}]""")]
    [InlineData("""[{"entryId":"","event":"a","contentType":"text/plain"}]""")]
    [InlineData("""[{"event":"a","contentType":"text/plain"}]""")]
    [Contract(38)]
    public async Task Entry_ids_are_neither_empty_nor_twice_the_same(string body)
    {
        await using var host = await PubSubHost.StartAsync();

        using var response = await host.BulkPublishAsync("pubsub/orders", body);

        await AssertErrorAsync(response, 400, "ERR_PUBSUB_EVENTS_SER", "DAPR_PUBSUB_MARSHAL_EVENTS");
        Assert.Empty(host.Broker.Published);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("not json")]
    [InlineData("""[{"entryId":1,"event":"a","contentType":"text/plain"}]""")]
    [InlineData("""[{"entryId":"1","event":"a","contentType":"text/plain","metadata":{"a":1}}]""")]
    [InlineData("""[{"entryId":"\ud800","event":"a","contentType":"text/plain"}]""")]
    public async Task A_body_that_is_no_list_of_entries_is_refused(string body)
    {
        await using var host = await PubSubHost.StartAsync();

        using var response = await host.BulkPublishAsync("pubsub/orders", body);

        await AssertErrorAsync(response, 400, "ERR_PUBSUB_EVENTS_SER", "DAPR_PUBSUB_UNMARSHAL_EVENTS");
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    public async Task Nothing_to_publish_is_no_error(string body)
    {
        await using var host = await PubSubHost.StartAsync(new() { Broker = new BulkTestBroker() });

        using var response = await host.BulkPublishAsync("pubsub/orders", body);

        Assert.Equal(204, (int)response.StatusCode);
        Assert.Empty(host.Broker.Published);
    }

    [Fact]
    [Contract(39)]
    public async Task One_by_one_a_failure_keeps_no_other_back_and_each_is_told()
    {
        var broker = new TestBroker { Refuses = message => Encoding.UTF8.GetString(message.Data.Span).Contains("bad") ? new ComponentException("too hot: größer") : null };
        await using var host = await PubSubHost.StartAsync(new() { Broker = broker });

        using var response = await host.BulkPublishAsync(
            "pubsub/orders", """[{"entryId":"a","event":"bad","contentType":"text/plain"},{"entryId":"b","event":"good","contentType":"text/plain"}]""");

        const string Failed = """{"failedEntries":[{"entryId":"a","error":"too hot: gr\u00F6\u00DFer"}],"errorCode":"ERR_PUBSUB_PUBLISH_MESSAGE"}""";
        Assert.Equal((500, "application/json", Failed), ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsStringAsync()));
        Assert.Equal(Failed, response.Headers.GetValues("metadata.responseData").Single());
        Assert.Contains("error when publishing to topic orders in pubsub pubsub: too hot", response.Headers.GetValues("metadata.error").Single());
        Assert.Single(broker.Published);
    }

    [Fact]
    public async Task A_broker_that_takes_many_at_once_gets_them_in_one_call()
    {
        var broker = new BulkTestBroker { Refuses = message => Encoding.UTF8.GetString(message.Data.Span).Contains("bad") ? new ComponentException("no") : null };
        await using var host = await PubSubHost.StartAsync(new() { Broker = broker });

        using var response = await host.BulkPublishAsync(
            "pubsub/orders",
            """
            [{"entryId":"a","event":"good","contentType":"text/plain"},{"entryId":"b","event":"bad","contentType":"text/plain"},
             {"entryId":"c","event":"good","contentType":"text/plain"}]
            """);

        Assert.Equal([3], broker.Calls);
        Assert.Equal(500, (int)response.StatusCode);
        Assert.Equal(["b"], await FailedAsync(response));
    }

    [Fact]
    public async Task A_broker_that_takes_none_fails_every_entry()
    {
        var broker = new BulkTestBroker();
        broker.Refusing["orders"] = new ComponentException("full");
        await using var host = await PubSubHost.StartAsync(new() { Broker = broker });

        using var response = await host.BulkPublishAsync("pubsub/orders", TwoEntries);

        Assert.Equal(["1", "2"], await FailedAsync(response));
    }

    [Theory]
    [InlineData("10", 500)]
    [InlineData("100000", 204)]
    [InlineData("many", 204)]
    public async Task A_batch_above_maxBulkPubBytes_is_not_published(string limit, int status)
    {
        var broker = new BulkTestBroker();
        await using var host = await PubSubHost.StartAsync(new() { Broker = broker });

        using var response = await host.BulkPublishAsync($"pubsub/orders?metadata.maxBulkPubBytes={limit}", TwoEntries);

        Assert.Equal((status, status == 204 ? 2 : 0), ((int)response.StatusCode, broker.Published.Count));
    }

    [Fact]
    public async Task A_failure_of_thousands_is_told_in_the_body_alone()
    {
        var broker = new BulkTestBroker();
        broker.Refusing["orders"] = new ComponentException("full");
        await using var host = await PubSubHost.StartAsync(new() { Broker = broker });
        var entries = string.Join(',', Enumerable.Range(0, 3000).Select(number => $$"""{"entryId":"{{number}}","event":"a","contentType":"text/plain"}"""));

        using var response = await host.BulkPublishAsync("pubsub/orders", $"[{entries}]");

        Assert.Equal(3000, (await FailedAsync(response)).Count);
        Assert.False(response.Headers.Contains("metadata.responseData"));
        Assert.True(response.Headers.Contains("metadata.error"));
    }

    [Fact]
    public async Task Entries_with_metadata_of_their_own_inherit_those_of_the_request()
    {
        await using var host = await PubSubHost.StartAsync();

        using var response = await host.BulkPublishAsync(
            "pubsub/orders?metadata.a=request&metadata.b=request",
            """
            [{"entryId":"1","event":"x","contentType":"text/plain","metadata":{"b":"entry"}},{"entryId":"2","event":"x","contentType":"text/plain"},
             {"entryId":"3","event":"x","contentType":"text/plain","metadata":{}}]
            """);

        Assert.Equal(204, (int)response.StatusCode);
        var metadata = host.Broker.Published.Select(message => message.Metadata).ToList();
        Assert.Equal(new Dictionary<string, string> { ["a"] = "request", ["b"] = "entry" }, metadata[0]);
        Assert.Empty(metadata[1]);
        Assert.Equal(new Dictionary<string, string> { ["a"] = "request", ["b"] = "request" }, metadata[2]);
    }

    [Fact]
    [Contract(42)]
    public async Task Each_entry_has_a_time_to_live_of_its_own()
    {
        await using var host = await PubSubHost.StartAsync(new() { Time = new FakeClock() });

        using var response = await host.BulkPublishAsync(
            "pubsub/orders",
            """[{"entryId":"1","event":"x","contentType":"text/plain","metadata":{"ttlInSeconds":"10"}},{"entryId":"2","event":"x","contentType":"text/plain"}]""");

        var events = host.Broker.Published.Select(message => JsonElement.Parse(message.Data.Span)).ToList();
        Assert.Equal("2026-01-01T00:00:10Z", events[0].GetProperty("expiration").GetString());
        Assert.False(events[1].TryGetProperty("expiration", out _));
    }

    [Fact]
    public async Task Raw_payloads_are_the_requests_word_for_all_entries()
    {
        await using var host = await PubSubHost.StartAsync();

        using var response = await host.BulkPublishAsync(
            "pubsub/orders?metadata.rawPayload=true",
            """[{"entryId":"1","event":"text","contentType":"text/plain"},{"entryId":"2","event":"AQI=","contentType":"application/octet-stream","metadata":{"rawPayload":"false"}}]""");

        Assert.Equal(["text"u8.ToArray(), [1, 2]], host.Broker.Published.Select(message => message.Data.ToArray()));
    }

    [Fact]
    [Contract(31)]
    public async Task Every_event_has_an_id_and_a_span_of_its_own_in_one_trace()
    {
        await using var host = await PubSubHost.StartAsync();

        using var response = await host.BulkPublishAsync("pubsub/orders", TwoEntries, headers: ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));

        var events = host.Broker.Published.Select(message => JsonElement.Parse(message.Data.Span)).ToList();
        var traces = events.Select(cloudEvent => cloudEvent.GetProperty("traceparent").GetString()!).ToList();
        Assert.All(traces, trace => Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", trace));
        Assert.Equal(2, traces.Distinct().Count());
        Assert.Equal(2, events.Select(cloudEvent => cloudEvent.GetProperty("id").GetString()).Distinct().Count());
    }

    [Fact]
    [Contract(36)]
    public async Task A_topic_that_is_not_allowed_is_forbidden_after_the_entries_were_read()
    {
        await using var host = await PubSubHost.StartAsync(new() { ComponentMetadata = [("allowedTopics", "other")] });

        using var forbidden = await host.BulkPublishAsync("pubsub/orders", TwoEntries);
        using var malformed = await host.BulkPublishAsync("pubsub/orders", "{}");

        await AssertErrorAsync(forbidden, 403, "ERR_PUBSUB_FORBIDDEN", "DAPR_PUBSUB_FORBIDDEN");
        Assert.Equal(400, (int)malformed.StatusCode);
        Assert.Empty(host.Broker.Published);
    }

    [Theory]
    [InlineData("nope/orders", 404, "ERR_PUBSUB_NOT_FOUND")]
    [InlineData("pubsub/", 404, "ERR_TOPIC_NAME_EMPTY")]
    [InlineData("pubsub/orders?metadata.rawPayload=maybe", 400, "ERR_PUBSUB_REQUEST_METADATA")]
    [Contract(34, 41)]
    public async Task What_is_wrong_with_the_address_is_told_as_for_a_single_message(string path, int status, string code)
    {
        await using var host = await PubSubHost.StartAsync();

        using var response = await host.BulkPublishAsync(path, TwoEntries);

        await AssertErrorAsync(response, status, code);
    }

    [Fact]
    public async Task A_cloud_event_that_is_no_object_cannot_be_created()
    {
        await using var host = await PubSubHost.StartAsync();

        using var response = await host.BulkPublishAsync("pubsub/orders", """[{"entryId":"1","event":[],"contentType":"application/cloudevents+json"}]""");

        await AssertErrorAsync(response, 500, "ERR_PUBSUB_CLOUD_EVENTS_SER", "DAPR_PUBSUB_CLOUD_EVENT_CREATION");
    }

    [Fact]
    [Contract(35)]
    public async Task A_topic_may_hold_slashes_and_carries_the_prefix_of_its_component()
    {
        await using var host = await PubSubHost.StartAsync(new() { ComponentMetadata = [("consumerID", "{namespace}")], Environment = new Dictionary<string, string> { ["NAMESPACE"] = "blue" } });

        using var response = await host.BulkPublishAsync("pubsub/a/b%20c", TwoEntries);

        Assert.Equal(["bluea/b c", "bluea/b c"], host.Broker.Published.Select(message => message.Topic));
        Assert.Equal("a/b c", JsonElement.Parse(host.Broker.Published.First().Data.Span).GetProperty("topic").GetString());
    }

    [Fact]
    public async Task A_component_that_is_called_bulk_still_takes_single_messages()
    {
        await using var host = await PubSubHost.StartAsync(new() { ComponentName = "bulk" });

        using var response = await host.PublishAsync("bulk/orders", "hello");

        Assert.Equal(204, (int)response.StatusCode);
        Assert.Equal("orders", Assert.Single(host.Broker.Published).Topic);
    }

    private static async Task<List<string?>> FailedAsync(HttpResponseMessage response)
    {
        Assert.Equal(500, (int)response.StatusCode);
        var body = JsonElement.Parse(await response.Content.ReadAsStringAsync());
        return [.. body.GetProperty("failedEntries").EnumerateArray().Select(entry => entry.GetProperty("entryId").GetString())];
    }

    private static async Task AssertErrorAsync(HttpResponseMessage response, int status, string code, string? reason = null)
    {
        var body = JsonElement.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal((status, code), ((int)response.StatusCode, body.GetProperty("errorCode").GetString()));
        if (reason is not null)
            Assert.Equal(reason, body.GetProperty("details")[0].GetProperty("reason").GetString());
    }
}
