using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Sidecar.Components.PubSub;
using TestSupport;

namespace Sidecar.Runtime.Tests.PubSub;

/// <summary>What a publish puts on the broker.</summary>
public sealed class PublishTests
{
    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Fact]
    [Contract(29)]
    public async Task Contract_029_without_a_content_type_the_data_is_a_text_plain_string()
    {
        await using var host = await PubSubHost.StartAsync();

        var published = await host.PublishedEventAsync("pubsub/orders", "hello");

        Assert.Equal("text/plain", published.GetProperty("datacontenttype").GetString());
        Assert.Equal("hello", published.GetProperty("data").GetString());
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("Application/JSON")]
    [Contract(30)]
    public async Task Contract_030_json_data_is_a_JSON_value_with_its_numbers_untouched(string contentType)
    {
        await using var host = await PubSubHost.StartAsync();

        var published = await host.PublishedEventAsync("pubsub/orders", """{"total":12345678901234567890.10,"name":"Tee für zwei"}""", contentType);

        Assert.Equal("12345678901234567890.10", published.GetProperty("data").GetProperty("total").GetRawText());
        Assert.Equal("Tee für zwei", published.GetProperty("data").GetProperty("name").GetString());
        Assert.Equal(contentType, published.GetProperty("datacontenttype").GetString(), ignoreCase: true);
    }

    [Theory]
    [InlineData("foo/bar")]
    [InlineData("application/xml")]
    [InlineData("application/vnd.shop+json")]
    [Contract(30)]
    public async Task Contract_030_data_of_any_other_type_is_a_string(string contentType)
    {
        await using var host = await PubSubHost.StartAsync();

        var published = await host.PublishedEventAsync("pubsub/orders", """<a b="c">{}</a>""", contentType);

        Assert.Equal("""<a b="c">{}</a>""", published.GetProperty("data").GetString());
        Assert.Equal(contentType, published.GetProperty("datacontenttype").GetString());
    }

    [Theory]
    [InlineData("{\"a\":")]
    [InlineData("{} {}")]
    [InlineData("nope")]
    public async Task Json_that_does_not_parse_travels_as_a_string(string body)
    {
        await using var host = await PubSubHost.StartAsync();

        var published = await host.PublishedEventAsync("pubsub/orders", body, "application/json");

        Assert.Equal(body, published.GetProperty("data").GetString());
    }

    [Theory]
    [InlineData("application/octet-stream")]
    [InlineData("application/cloudevents+protobuf")]
    public async Task Binary_data_is_base64(string contentType)
    {
        await using var host = await PubSubHost.StartAsync();

        using var response = await host.PublishAsync("pubsub/orders", [0, 255, 7], contentType);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        var published = JsonElement.Parse(Assert.Single(host.Broker.Published).Data.Span);
        Assert.Equal([0, 255, 7], published.GetProperty("data_base64").GetBytesFromBase64());
        Assert.False(published.TryGetProperty("data", out _));
    }

    [Theory]
    [InlineData(new byte[] { 0x0A, 2, (byte)'i', (byte)'d', 0x32, 1, 0xFF }, true)]
    [InlineData(new byte[] { 0x0A, 9, (byte)'i' }, false)]
    [InlineData(new byte[] { 0x08, 1 }, false)]
    public async Task Protobuf_is_base64_only_when_it_decodes_as_a_cloud_event(byte[] body, bool isBinary)
    {
        await using var host = await PubSubHost.StartAsync();

        using var response = await host.PublishAsync("pubsub/orders", body, "application/x-protobuf");

        var published = JsonElement.Parse(Assert.Single(host.Broker.Published).Data.Span);
        Assert.Equal(isBinary, published.TryGetProperty("data_base64", out _));
        Assert.Equal(!isBinary, published.TryGetProperty("data", out _));
    }

    [Fact]
    public async Task Text_that_is_not_UTF_8_still_makes_a_valid_envelope()
    {
        await using var host = await PubSubHost.StartAsync();

        using var response = await host.PublishAsync("pubsub/orders", [(byte)'a', 0xFF], "text/plain");

        var published = JsonElement.Parse(Assert.Single(host.Broker.Published).Data.Span);
        Assert.Equal("a\uFFFD", published.GetProperty("data").GetString());
    }

    [Fact]
    [Contract(31)]
    public async Task Contract_031_the_envelope_names_app_component_topic_and_trace()
    {
        await using var host = await PubSubHost.StartAsync();

        var published = await host.PublishedEventAsync("pubsub/orders", "{}", "application/json", ("traceparent", TraceParent), ("tracestate", "a=b"));

        Assert.Equal("1.0", published.GetProperty("specversion").GetString());
        Assert.Equal("com.dapr.event.sent", published.GetProperty("type").GetString());
        Assert.Equal("pubsub", published.GetProperty("pubsubname").GetString());
        Assert.Equal("orders", published.GetProperty("topic").GetString());
        Assert.Equal(PubSubHost.AppId, published.GetProperty("source").GetString());
        Assert.True(published.GetProperty("id").TryGetGuid(out _));
        Assert.Equal(published.GetProperty("traceid").GetString(), published.GetProperty("traceparent").GetString());
        Assert.StartsWith(TraceParent[..36], published.GetProperty("traceparent").GetString());
        Assert.Equal("a=b", published.GetProperty("tracestate").GetString());
        Assert.False(published.TryGetProperty("subject", out _));
        Assert.False(published.TryGetProperty("expiration", out _));
    }

    [Fact]
    public async Task The_envelope_has_the_time_in_whole_seconds()
    {
        await using var host = await PubSubHost.StartAsync(new() { Time = new FakeClock(new DateTimeOffset(2026, 3, 4, 5, 6, 7, 890, TimeSpan.Zero)) });

        var published = await host.PublishedEventAsync("pubsub/orders", "x");

        Assert.Equal("2026-03-04T05:06:07Z", published.GetProperty("time").GetString());
    }

    [Fact]
    [Contract(32)]
    public async Task Contract_032_a_cloud_event_keeps_what_it_says_and_gets_what_it_lacks()
    {
        await using var host = await PubSubHost.StartAsync();

        var published = await host.PublishedEventAsync(
            "pubsub/orders",
            """{"id":"my-id","source":"/mine","type":"order.made","topic":"elsewhere","pubsubname":"other","extra":{"n":1.50},"data":[1]}""",
            "application/cloudevents+json; charset=utf-8",
            ("traceparent", TraceParent));

        Assert.Equal("my-id", published.GetProperty("id").GetString());
        Assert.Equal("/mine", published.GetProperty("source").GetString());
        Assert.Equal("order.made", published.GetProperty("type").GetString());
        Assert.Equal("orders", published.GetProperty("topic").GetString());
        Assert.Equal("pubsub", published.GetProperty("pubsubname").GetString());
        Assert.Equal("""{"n":1.50}""", published.GetProperty("extra").GetRawText());
        Assert.Equal("[1]", published.GetProperty("data").GetRawText());
        Assert.Equal("1.0", published.GetProperty("specversion").GetString());
        Assert.StartsWith(TraceParent[..36], published.GetProperty("traceid").GetString());
        Assert.StartsWith(TraceParent[..36], published.GetProperty("traceparent").GetString());
        Assert.False(published.TryGetProperty("datacontenttype", out _));
    }

    [Fact]
    [Contract(32)]
    public async Task Contract_032_an_empty_cloud_event_gets_no_id()
    {
        await using var host = await PubSubHost.StartAsync();

        var published = await host.PublishedEventAsync("pubsub/orders", """{"source":null}""", "application/cloudevents+json");

        Assert.False(published.TryGetProperty("id", out _));
        Assert.Equal("Dapr", published.GetProperty("source").GetString());
        Assert.Equal("com.dapr.event.sent", published.GetProperty("type").GetString());
    }

    [Fact]
    [Contract(32)]
    public async Task Contract_032_a_cloud_event_of_a_known_trace_keeps_it()
    {
        await using var host = await PubSubHost.StartAsync();

        var published = await host.PublishedEventAsync("pubsub/orders", $$"""{"id":"1","traceparent":"{{TraceParent}}"}""", "application/cloudevents+json");

        Assert.Equal(TraceParent, published.GetProperty("traceparent").GetString());
        Assert.Equal(TraceParent, published.GetProperty("traceid").GetString());
    }

    [Theory]
    [InlineData("""{"id":"1","traceid":42,"traceparent":{"a":[1]}}""")]
    [InlineData("""{"id":"1","traceid":{},"tracestate":7}""")]
    [Contract(32)]
    public async Task Contract_032_trace_attributes_of_a_wrong_type_do_no_harm(string cloudEvent)
    {
        await using var host = await PubSubHost.StartSubscribedAsync();

        using var response = await host.PublishAsync("pubsub/orders", cloudEvent, "application/cloudevents+json");

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal("1", (await host.App.NextAsync()).Json.GetProperty("id").GetString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("application/json")]
    [Contract(33)]
    public async Task Contract_033_an_empty_body_is_published_and_delivered(string? contentType)
    {
        await using var host = await PubSubHost.StartSubscribedAsync();

        using var response = await host.PublishAsync("pubsub/orders", "", contentType);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal("", (await host.App.NextAsync()).Json.GetProperty("data").GetString());
    }

    [Theory]
    [InlineData("orders/eu/west", "orders/eu/west")]
    [InlineData("orders%2Feu", "orders/eu")]
    [InlineData("orders%252Feu", "orders%2Feu")]
    [InlineData("new+orders%20here", "new orders here")]
    [InlineData("%C3%BC%3F%23%26", "ü?#&")]
    [InlineData("a%2Bb", "a+b")]
    [InlineData("a//b", "a/b")]
    [Contract(35)]
    public async Task Contract_035_topics_may_hold_slashes_and_escaped_characters(string path, string topic)
    {
        await using var host = await PubSubHost.StartAsync();

        var published = await host.PublishedEventAsync($"pubsub/{path}", "x");

        Assert.Equal(topic, published.GetProperty("topic").GetString());
        Assert.Equal(topic, Assert.Single(host.Broker.Published).Topic);
    }

    [Fact]
    [Contract(35)]
    public async Task Contract_035_a_component_name_may_be_escaped()
    {
        await using var host = await PubSubHost.StartAsync(new() { ComponentName = "my broker" });

        var published = await host.PublishedEventAsync("my%20broker/orders", "x");

        Assert.Equal("my broker", published.GetProperty("pubsubname").GetString());
    }

    [Fact]
    public async Task PUT_publishes_too()
    {
        await using var host = await PubSubHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Put, "v1.0/publish/pubsub/orders") { Content = new StringContent("x") };

        using var response = await host.SendAsync(request);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Single(host.Broker.Published);
    }

    [Fact]
    public async Task Metadata_overrides_attributes_of_the_envelope()
    {
        await using var host = await PubSubHost.StartAsync();

        var published = await host.PublishedEventAsync(
            "pubsub/orders?metadata.cloudevent.id=i&metadata.cloudevent.source=s&metadata.cloudevent.type=t.y&metadata.cloudevent.subject=sub" +
            "&metadata.cloudevent.traceparent=tp&metadata.cloudevent.tracestate=ts", "x");

        Assert.Equal("i", published.GetProperty("id").GetString());
        Assert.Equal("s", published.GetProperty("source").GetString());
        Assert.Equal("t.y", published.GetProperty("type").GetString());
        Assert.Equal("sub", published.GetProperty("subject").GetString());
        Assert.Equal("tp", published.GetProperty("traceid").GetString());
        Assert.Equal("tp", published.GetProperty("traceparent").GetString());
        Assert.Equal("ts", published.GetProperty("tracestate").GetString());
    }

    [Fact]
    public async Task Request_metadata_reach_the_component_and_the_first_of_one_name_counts()
    {
        await using var host = await PubSubHost.StartAsync();

        using var response = await host.PublishAsync("pubsub/orders?metadata.partitionKey=a%20b&other=1&metadata.partitionKey=second", "x");

        var metadata = Assert.Single(host.Broker.Published).Metadata;
        Assert.Equal("a b", Assert.Single(metadata).Value);
        Assert.Equal("partitionKey", Assert.Single(metadata).Key);
    }

    [Theory]
    [InlineData("metadata.rawPayload=true")]
    [InlineData("metadata.rawpayload=1")]
    public async Task A_raw_payload_is_published_as_it_is(string query)
    {
        await using var host = await PubSubHost.StartAsync();

        using var response = await host.PublishAsync($"pubsub/orders?{query}", [1, 0, 2], "application/json");

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal([1, 0, 2], Assert.Single(host.Broker.Published).Data.ToArray());
    }

    [Theory]
    [InlineData("metadata.ttlInSeconds=90", "2026-01-01T00:01:30Z")]
    [InlineData("metadata.ttl=2h", "2026-01-01T02:00:00Z")]
    [InlineData("metadata.ttl=1h&metadata.ttlInSeconds=5", "2026-01-01T00:00:05Z")]
    [InlineData("metadata.ttlInSeconds=9223372036854775807", "2315-10-24T00:00:00Z")]
    [Contract(42)]
    public async Task Contract_042_a_time_to_live_becomes_an_expiration_where_the_broker_knows_none(string query, string expiration)
    {
        await using var host = await PubSubHost.StartAsync(new() { Time = new FakeClock() });

        var published = await host.PublishedEventAsync($"pubsub/orders?{query}", "x");

        var expected = DateTimeOffset.Parse(expiration, CultureInfo.InvariantCulture);
        Assert.Equal(expected, published.GetProperty("expiration").GetDateTimeOffset());
    }

    [Fact]
    [Contract(42)]
    public async Task Contract_042_a_cloud_event_gets_an_expiration_too()
    {
        await using var host = await PubSubHost.StartAsync(new() { Time = new FakeClock() });

        var published = await host.PublishedEventAsync("pubsub/orders?metadata.ttlInSeconds=60", """{"id":"1","expiration":"2020-01-01T00:00:00Z"}""", "application/cloudevents+json");

        Assert.Equal("2026-01-01T00:01:00Z", published.GetProperty("expiration").GetString());
    }

    [Fact]
    public async Task A_broker_that_knows_a_time_to_live_is_given_it()
    {
        await using var host = await PubSubHost.StartAsync(new() { Broker = new TestBroker { Features = PubSubFeatures.MessageTtl } });

        var published = await host.PublishedEventAsync("pubsub/orders?metadata.ttlInSeconds=90", "x");

        Assert.Equal(TimeSpan.FromSeconds(90), Assert.Single(host.Broker.Published).TimeToLive);
        Assert.False(published.TryGetProperty("expiration", out _));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-3")]
    [InlineData("soon")]
    public async Task A_time_to_live_that_means_nothing_is_passed_over(string timeToLive)
    {
        await using var host = await PubSubHost.StartAsync();

        var published = await host.PublishedEventAsync($"pubsub/orders?metadata.ttlInSeconds={timeToLive}", "x");

        Assert.False(published.TryGetProperty("expiration", out _));
    }

    [Fact]
    public async Task A_body_of_unknown_length_is_published_whole()
    {
        await using var host = await PubSubHost.StartAsync();
        var text = new string('x', 100_000);
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1.0/publish/pubsub/orders") { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(text)) };
        request.Headers.TransferEncodingChunked = true;

        using var response = await host.SendAsync(request);

        var published = JsonElement.Parse(Assert.Single(host.Broker.Published).Data.Span);
        Assert.Equal(text, published.GetProperty("data").GetString());
    }

    [Fact]
    public async Task Topics_of_a_component_that_names_its_namespace_carry_it_on_the_broker_only()
    {
        await using var host = await PubSubHost.StartAsync(new()
        {
            ComponentMetadata = [("consumerID", "{namespace}")],
            Environment = new Dictionary<string, string> { ["NAMESPACE"] = "blue" },
            Declared = [PubSubHost.Declare("orders", "/orders")],
        });

        var published = await host.PublishedEventAsync("pubsub/orders", "x");

        Assert.Equal("blueorders", Assert.Single(host.Broker.Published).Topic);
        Assert.Equal("orders", published.GetProperty("topic").GetString());
        Assert.Equal("/orders", (await host.App.NextAsync()).Path);
    }
}
