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
internal readonly record struct Outcome(Verdict Verdict, string? Reason = null, string? EventId = null)
{
    /// <summary>Whoever was to answer went away: no verdict on the message, which the broker has again.</summary>
    public bool IsGivenBack { get; init; }

    /// <summary>The app was not asked, and another attempt would be in vain: the message cannot be handed over, or a breaker is open.</summary>
    public bool IsFinal { get; init; }

    /// <summary>With which an app that speaks HTTP has failed; null = it gave no such answer.</summary>
    public int? HttpStatus { get; init; }

    /// <summary>The same for an app that speaks gRPC.</summary>
    public int? GrpcStatus { get; init; }

    /// <summary>A retry policy, if there is one, decides whether the app is asked once more.</summary>
    public bool MayBeRetried => Verdict == Verdict.Retry && !IsGivenBack && !IsFinal;

    /// <summary>The message is dropped, and there is nothing in it to look at: it is no dead letter.</summary>
    public bool HasNoDeadLetter { get; init; }

    public static Outcome Unfit(string? reason, string? eventId = null) => new(Verdict.Retry, reason, eventId) { IsFinal = true };

    public static Outcome GiveBack(string reason) => new(Verdict.Retry, reason) { IsGivenBack = true };
}

/// <summary>The words with which apps answer, over whatever protocol (contract section 2.7, "App result").</summary>
internal static class AppWords
{
    public static readonly Outcome Success = new(Verdict.Success);
    public static readonly Outcome Retry = new(Verdict.Retry, "the app asks for a retry");
    public static readonly Outcome Drop = new(Verdict.Drop, "the app drops it");

    /// <summary>No word at all, but a status code that speaks of a failure.</summary>
    public static Outcome Failure(int httpStatus) => new(Verdict.Retry, $"the app answered {httpStatus}") { HttpStatus = httpStatus };

    /// <summary>A word that is none of the three.</summary>
    public static Outcome Unknown(string word) => new(Verdict.Retry, $"the app answered with the unknown status '{word}'");
}
