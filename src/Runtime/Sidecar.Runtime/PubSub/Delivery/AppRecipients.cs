using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.PubSub.GrpcDelivery;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>Makes the app's recipients, by the protocol that it speaks.</summary>
internal sealed class AppRecipients(IAppChannel http, GrpcAppChannel grpc)
{
    /// <param name="topic">As the app knows it.</param>
    public IEventRecipient Events(string pubsub, string topic) => grpc.HasApp ? new GrpcRecipient(pubsub, topic, grpc) : new HttpRecipient(pubsub, http);

    /// <param name="topic">As the app knows it.</param>
    public IBatchRecipient Batches(string pubsub, string topic, bool isRaw) =>
        grpc.HasApp ? new GrpcBatchRecipient(pubsub, topic, isRaw, grpc) : new HttpBatchRecipient(new BulkEnvelope(pubsub, topic, isRaw), http);
}
