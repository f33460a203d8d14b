using Sidecar.Components.PubSub;
using TestSupport;

namespace Sidecar.Runtime.Tests.State;

/// <summary>An outbox on a clock that does not wait for it.</summary>
public sealed class OutboxClockTests
{
    [Fact]
    public async Task The_search_for_a_marker_ends_although_the_time_for_a_look_passed_while_its_timer_was_set()
    {
        await using var api = await StateApi.StartAsync(
            [("store", new MemoryStateStore(), [("outboxPublishPubsub", "broker"), ("outboxPublishTopic", "order")])], new LateTimers(new FakeClock(), TimeSpan.FromSeconds(4)));

        var delivery = api.Topics.Deliver(new FakeTopics.Published("broker", "apporderoutbox", null, new() { ["id"] = "outbox-1" }, """{"id":"outbox-1"}"""u8.ToArray()));

        Assert.Equal(Delivery.Ack, await delivery.WithinAsync("the end of the delivery"));
        Assert.Single(api.Topics.On("apporderoutbox"));
    }
}
