using Sidecar.Protos;
using Sidecar.Runtime.PubSub.Delivery;
using Status = Sidecar.Protos.TopicEventResponse.Types.TopicEventResponseStatus;

namespace Sidecar.Runtime.PubSub.GrpcDelivery;

/// <summary>Reads the status with which a gRPC app or a stream's client answers an event.</summary>
internal static class StatusWords
{
    /// <summary>An answer that names no status is a success, which is what an empty message says.</summary>
    public static Outcome OutcomeOf(TopicEventResponse? response) => OutcomeOf(response?.Status ?? Status.Success);

    public static Outcome OutcomeOf(Status status) => status switch
    {
        Status.Success => AppWords.Success,
        Status.Retry => AppWords.Retry,
        Status.Drop => AppWords.Drop,
        _ => AppWords.Unknown(status.ToString()),
    };
}
