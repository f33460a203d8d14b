using Dapr;
using Dapr.Client;
using Sdk.Tests.Fakes;

namespace Sdk.Tests.Client;

public sealed class PublishTests : FakeSidecarTests
{
    [Fact]
    public async Task PublishEvent_OfData_IsJsonWithItsMetadataInTheQuery()
    {
        await Dapr.PublishEventAsync("pubsub", "orders/new", new { OrderId = "ö1" }, new Dictionary<string, string> { ["cloudevent.type"] = "order.submitted", ["cloudevent.id"] = "a b" });

        Assert.Equal("POST /v1.0/publish/pubsub/orders%2Fnew?metadata.cloudevent.type=order.submitted&metadata.cloudevent.id=a%20b", $"{Sidecar.Only.Method} {Sidecar.Only.Target}");
        Assert.Equal("application/json", Sidecar.Only.Headers.ContentType);
        Assert.Equal("""{"orderId":"\u00F61"}""", Sidecar.Only.Body);
    }

    [Fact]
    public async Task PublishEvent_OfACloudEvent_IsSentAsItIsWithoutEmptyAttributes()
    {
        var cloudEvent = new CloudEvent<Total>(new Total(250)) { Type = "order.confirmed", Source = new Uri("urn:orders") };
        await Dapr.PublishEventAsync("pubsub", "orders", cloudEvent);
        // Typed as the parent class, the data must not get lost.
        await Dapr.PublishEventAsync<CloudEvent>("pubsub", "orders", cloudEvent);

        Assert.All(Sidecar.Seen, request =>
        {
            Assert.Equal("application/cloudevents+json", request.Headers.ContentType);
            Assert.Equal("""{"data":{"cents":250},"datacontenttype":"application/json","source":"urn:orders","type":"order.confirmed"}""", request.Body);
        });
        Assert.Equal(2, Sidecar.Seen.Count);
    }

    [Fact]
    public async Task PublishEvent_WithoutData_HasNoBodyAndNoContentType()
    {
        await Dapr.PublishEventAsync("pubsub", "ticks");
        Assert.Equal("", Sidecar.Only.Body);
        Assert.False(Sidecar.Only.Headers.ContainsKey("Content-Type"));
    }

    [Fact]
    public async Task PublishByteEvent_SendsTheBytesUnderTheirContentType()
    {
        await Dapr.PublishByteEventAsync("pubsub", "raw", "<a/>"u8.ToArray(), "application/xml");
        Assert.Equal("application/xml", Sidecar.Only.Headers.ContentType);
        Assert.Equal("<a/>", Sidecar.Only.Body);
    }

    [Fact]
    public async Task PublishEvent_Refused_NamesTopicAndCode()
    {
        Sidecar.AnswerWith(403, """{"errorCode":"ERR_PUBSUB_FORBIDDEN","message":"topic orders is not allowed for app id x"}""");
        var failure = await Assert.ThrowsAsync<DaprApiException>(() => Dapr.PublishEventAsync("pubsub", "orders", 1));
        Assert.Equal("ERR_PUBSUB_FORBIDDEN", failure.ErrorCode);
        Assert.False(failure.IsTransient);
        Assert.Contains("topic 'orders' of 'pubsub'", failure.Message, StringComparison.Ordinal);
    }

    private sealed record Total(int Cents);
}
