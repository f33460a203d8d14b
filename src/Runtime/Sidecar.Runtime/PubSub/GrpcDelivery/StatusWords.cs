using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.PubSub.Delivery;
using Status = Sidecar.Protos.TopicEventResponse.Types.TopicEventResponseStatus;

namespace Sidecar.Runtime.PubSub.GrpcDelivery;

/// <summary>Reads what a gRPC app or a stream's client makes of an event (contract section 3.4, "App callbacks").</summary>
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

    /// <summary>A call that failed. An app without the method will not have it for the next attempt either, and its event is no dead letter.</summary>
    public static Outcome OutcomeOf(GrpcStatus failure) => failure.Code == StatusCode.Unimplemented
        ? new Outcome(Verdict.Drop, "the app does not implement the call") { HasNoDeadLetter = true }
        : new Outcome(Verdict.Retry, $"the app answered {failure}") { GrpcStatus = (int)failure.Code };
}
