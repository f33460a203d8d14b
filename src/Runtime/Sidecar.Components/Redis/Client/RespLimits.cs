namespace Sidecar.Components.Redis;

/// <summary>
/// What one reply may hold, so that a server that lies about lengths cannot take the memory. Nothing is allocated for what
/// has only been announced.
/// </summary>
internal sealed record RespLimits
{
    public static RespLimits Default { get; } = new();

    /// <summary>Bytes of one value; what Redis itself takes by default.</summary>
    public long BulkLength { get; init; } = 512L << 20;

    /// <summary>Bytes of all values of a reply.</summary>
    public long ReplyLength { get; init; } = 1L << 30;

    /// <summary>Members of all arrays of a reply.</summary>
    public int Items { get; init; } = 1 << 20;

    /// <summary>Arrays within arrays.</summary>
    public int Depth { get; init; } = 16;

    /// <summary>Bytes of a line: a length, a status, an error.</summary>
    public int LineLength { get; init; } = 64 << 10;
}

/// <summary>What came is not RESP, or is beyond <see cref="RespLimits"/>: the connection cannot be used any more.</summary>
internal sealed class RespException(string message) : Exception(message);
