using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Sidecar.Grpc;

/// <summary>How a call ended: code, message for people, and <c>google.rpc</c> details for programs.</summary>
public sealed class GrpcStatus
{
    private static readonly IReadOnlyList<Any> NoDetails = [];

    /// <summary>Success.</summary>
    public static readonly GrpcStatus OK = new(StatusCode.OK);

    /// <param name="code">Code.</param>
    /// <param name="message">Text for people; may be empty, and may hold any character.</param>
    public GrpcStatus(StatusCode code, string message = "")
        : this(code, message, Array.Empty<Any>())
    {
    }

    /// <param name="code">Code.</param>
    /// <param name="message">Text for people.</param>
    /// <param name="details">Messages as <c>google.rpc.ErrorInfo</c>; each is packed.</param>
    public GrpcStatus(StatusCode code, string message, params IReadOnlyCollection<IMessage> details)
        : this(code, message, Pack(details))
    {
    }

    /// <param name="code">Code.</param>
    /// <param name="message">Text for people.</param>
    /// <param name="details">Details that are packed already.</param>
    public GrpcStatus(StatusCode code, string message, IReadOnlyList<Any> details)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(details);
        (Code, Message, Details) = (code, message, details);
    }

    public StatusCode Code { get; }

    public string Message { get; }

    /// <summary>As they travel: one that is of no known type is kept too.</summary>
    public IReadOnlyList<Any> Details { get; }

    public bool IsOK => Code == StatusCode.OK;

    /// <summary>The first detail of the type, or null.</summary>
    public TDetail? Detail<TDetail>()
        where TDetail : class, IMessage, new()
    {
        foreach (var detail in Details)
        {
            if (detail.TryUnpack<TDetail>(out var unpacked))
                return unpacked;
        }

        return null;
    }

    public override string ToString() => Message.Length == 0 ? Code.ToString() : $"{Code}: {Message}";

    private static Any[] Pack(IReadOnlyCollection<IMessage> details)
    {
        var packed = new Any[details.Count];
        var at = 0;
        foreach (var detail in details)
            packed[at++] = detail as Any ?? Any.Pack(detail);
        return packed;
    }
}
