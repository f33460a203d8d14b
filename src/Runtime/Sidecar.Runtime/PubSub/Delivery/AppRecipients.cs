using Sidecar.Runtime.AppChannel;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>Makes the app's recipients, by the protocol that it speaks.</summary>
internal sealed class AppRecipients(IAppChannel app)
{
    public IEventRecipient Events(string pubsub, string topic) => new HttpRecipient(pubsub, app);

    /// <param name="topic">As the app knows it.</param>
    public IBatchRecipient Batches(string pubsub, string topic, bool isRaw) => new HttpBatchRecipient(new BulkEnvelope(pubsub, topic, isRaw), app);
}
