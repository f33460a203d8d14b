namespace Sidecar.Grpc;

/// <summary>What a caller says of one call, beside its messages.</summary>
public readonly record struct CallOptions
{
    /// <summary>Sent as request headers.</summary>
    public Metadata? Metadata { get; init; }

    /// <summary>When to give up. With a <see cref="Timeout"/> too, whichever comes first.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>After how long to give up, from the start of the call.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How request messages are compressed.</summary>
    public MessageEncoding Encoding { get; init; }
}
