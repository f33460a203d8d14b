using System.Text;
using Dapr.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Sdk.Tests.Fakes;

namespace Sdk.Tests.AspNetCore;

public sealed class BulkSubscribeTests
{
    [Fact]
    public async Task AHandlerTakesADeliveryOfManyEventsAndAnswersForEach()
    {
        await using var app = await FakeApp.StartAsync(app =>
        {
            app.UseCloudEvents();
            app.MapPost("/orders", (BulkSubscribeMessage<BulkMessageModel<Order>> message) => new BulkSubscribeAppResponse(
                [.. message.Entries.Select(entry => new BulkSubscribeAppResponseEntry(
                    entry.EntryId, entry.Event.Data.Total < 0 ? BulkSubscribeAppResponseStatus.DROP : BulkSubscribeAppResponseStatus.SUCCESS))]));
        });
        using var content = new StringContent(
            """
            {"id":"b","type":"com.dapr.event.sent.bulk","topic":"orders","pubsubname":"pubsub","metadata":{"m":"1"},"entries":[
             {"entryId":"1","event":{"id":"e1","specversion":"1.0","datacontenttype":"application/json","data":{"total":5}},"metadata":{},"contentType":"application/cloudevents+json"},
             {"entryId":"2","event":{"id":"e2","data":{"total":-1}},"contentType":"application/cloudevents+json"}]}
            """,
            Encoding.UTF8,
            "application/json");
        using var response = await app.Client.PostAsync("/orders", content);
        Assert.Equal("""{"statuses":[{"entryId":"1","status":"SUCCESS"},{"entryId":"2","status":"DROP"}]}""", await response.Content.ReadAsStringAsync());
    }

    private sealed record Order(int Total);
}
