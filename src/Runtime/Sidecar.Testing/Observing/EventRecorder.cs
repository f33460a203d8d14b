using Sidecar.Runtime.Hosting;

namespace Sidecar.Testing.Observing;

/// <summary>Writes what one sidecar does into the history of the host.</summary>
internal sealed class EventRecorder(string appId, History<SidecarEvent> events) : ISidecarObserver
{
    public void Published(string pubsubName, string topic, ReadOnlyMemory<byte> data) =>
        events.Add(new MessagePublished(appId, pubsubName, topic, data.ToArray()));

    public void Delivered(string pubsubName, string topic, ReadOnlyMemory<byte> data, string status, string? reason) =>
        events.Add(new MessageDelivered(appId, pubsubName, topic, data.ToArray(), status, reason));

    public void DeadLettered(string pubsubName, string topic, string deadLetterTopic, ReadOnlyMemory<byte> data) =>
        events.Add(new MessageDeadLettered(appId, pubsubName, topic, data.ToArray(), deadLetterTopic));

    public void StateSaved(string store, string key, ReadOnlyMemory<byte> value) => events.Add(new StateSaved(appId, store, key, value.ToArray()));

    public void StateDeleted(string store, string key) => events.Add(new StateDeleted(appId, store, key));

    public void AppHealthChanged(bool isHealthy) => events.Add(new AppHealthChanged(appId, isHealthy));
}
