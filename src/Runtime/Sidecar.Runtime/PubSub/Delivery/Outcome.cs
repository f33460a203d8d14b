namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>What the app made of an event.</summary>
internal enum Verdict
{
    Success,

    /// <summary>To be tried again.</summary>
    Retry,

    /// <summary>Not wanted; not to be tried again.</summary>
    Drop,
}

/// <summary>What becomes of a message: by the app's word, or by the sidecar's where the app did not get it.</summary>
/// <param name="Reason">Why it is no success.</param>
/// <param name="EventId">Of the CloudEvent, where it could be read; for the log.</param>
internal readonly record struct Outcome(Verdict Verdict, string? Reason = null, string? EventId = null);
