namespace Sidecar.Testing;

/// <summary>How a call to an app or a component goes wrong. Give it to <see cref="FaultPlan"/>.</summary>
public sealed record Fail
{
    private Fail()
    {
    }

    internal TimeSpan Delay { get; private init; }

    internal bool Hangs { get; private init; }

    internal bool IsDone { get; private init; }

    internal string? Error { get; private init; }

    internal int? Status { get; private init; }

    internal string Body { get; private init; } = "";

    /// <summary>The app is not asked; this status is its answer. For apps only: components answer no status.</summary>
    /// <param name="status">Such as 503.</param>
    /// <param name="body">Its body as text.</param>
    public static Fail WithStatus(int status, string body = "") => new() { Status = status, Body = body };

    /// <summary>The call fails with this message without reaching the component, or as a connection that cannot be made to the app.</summary>
    public static Fail WithError(string message) => new() { Error = message };

    /// <summary>The connection to the app is refused, or that of a component to its backend is lost.</summary>
    public static Fail ByDroppingConnection() => WithError("the connection was dropped on purpose");

    /// <summary>The call is done, and the answer lost: the caller cannot know.</summary>
    public static Fail AfterDoing(string message = "the answer was lost on purpose") => new() { Error = message, IsDone = true };

    /// <summary>The call is done after this time on the host's clock, and goes well.</summary>
    public static Fail ByDelay(TimeSpan delay) => new() { Delay = delay };

    /// <summary>The call never ends by itself.</summary>
    public static Fail ByHanging() => new() { Hangs = true };
}
