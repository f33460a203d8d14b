using Dapr;
using Dapr.Client;
using Sdk.Tests.Fakes;

namespace Sdk.Tests.Client;

public sealed class PublishTests : IAsyncLifetime
{
    private FakeSidecar _sidecar = null!;
    private DaprClient _dapr = null!;

    public async ValueTask InitializeAsync()
    {
        _sidecar = await FakeSidecar.StartAsync();
        _dapr = _sidecar.CreateClient();
    }

    public async ValueTask DisposeAsync()
    {
        _dapr.Dispose();
        await _sidecar.DisposeAsync();
    }

    [Fact]
    public async Task PublishEvent_OfData_IsJsonWithItsMetadataInTheQuery()
    {
        await _dapr.PublishEventAsync("pubsub", "orders/new", new { OrderId = "ö1" }, new Dictionary<string, string> { ["cloudevent.type"] = "order.submitted", ["cloudevent.id"] = "a b" });

        Assert.Equal("POST /v1.0/publish/pubsub/orders%2Fnew?metadata.cloudevent.type=order.submitted&metadata.cloudevent.id=a%20b", $"{_sidecar.Only.Method} {_sidecar.Only.Target}");
        Assert.Equal("application/json", _sidecar.Only.Headers.ContentType);
        Assert.Equal("""{"orderId":"\u00F61"}""", _sidecar.Only.Body);
    }

    [Fact]
    public async Task PublishEvent_OfACloudEvent_IsSentAsItIsWithoutEmptyAttributes()
    {
        var cloudEvent = new CloudEvent<Total>(new Total(250)) { Type = "order.confirmed", Source = new Uri("urn:orders") };
        await _dapr.PublishEventAsync("pubsub", "orders", cloudEvent);
        // Typed as the parent class, the data must not get lost.
        await _dapr.PublishEventAsync<CloudEvent>("pubsub", "orders", cloudEvent);

        Assert.All(_sidecar.Seen, request =>
        {
            Assert.Equal("application/cloudevents+json", request.Headers.ContentType);
            Assert.Equal("""{"data":{"cents":250},"datacontenttype":"application/json","source":"urn:orders","type":"order.confirmed"}""", request.Body);
        });
        Assert.Equal(2, _sidecar.Seen.Count);
    }

    [Fact]
    public async Task PublishEvent_WithoutData_HasNoBodyAndNoContentType()
    {
        await _dapr.PublishEventAsync("pubsub", "ticks");
        Assert.Equal("", _sidecar.Only.Body);
        Assert.False(_sidecar.Only.Headers.ContainsKey("Content-Type"));
    }

    [Fact]
    public async Task PublishByteEvent_SendsTheBytesUnderTheirContentType()
    {
        await _dapr.PublishByteEventAsync("pubsub", "raw", "<a/>"u8.ToArray(), "application/xml");
        Assert.Equal("application/xml", _sidecar.Only.Headers.ContentType);
        Assert.Equal("<a/>", _sidecar.Only.Body);
    }

    [Fact]
    public async Task PublishEvent_Refused_NamesTopicAndCode()
    {
        _sidecar.AnswerWith(403, """{"errorCode":"ERR_PUBSUB_FORBIDDEN","message":"topic orders is not allowed for app id x"}""");
        var failure = await Assert.ThrowsAsync<DaprApiException>(() => _dapr.PublishEventAsync("pubsub", "orders", 1));
        Assert.Equal("ERR_PUBSUB_FORBIDDEN", failure.ErrorCode);
        Assert.False(failure.IsTransient);
        Assert.Contains("topic 'orders' of 'pubsub'", failure.Message, StringComparison.Ordinal);
    }

    private sealed record Total(int Cents);
}
