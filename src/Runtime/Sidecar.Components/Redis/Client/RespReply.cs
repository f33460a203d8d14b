using System.Text;

namespace Sidecar.Components.Redis;

internal enum RespKind
{
    Null,

    /// <summary>A status such as <c>OK</c>, a number that is no integer, or a bulk of bytes.</summary>
    Bytes,
    Integer,
    Error,

    /// <summary>Arrays, sets, and maps with names and values in turn.</summary>
    Items,

    /// <summary>Told by the server without having been asked.</summary>
    Push,
}

/// <summary>One reply of a server; RESP2 and RESP3 look the same here.</summary>
internal readonly record struct RespReply(RespKind Kind, byte[]? Bytes = null, long Number = 0, RespReply[]? Members = null)
{
    public static RespReply Null { get; }

    public bool IsError => Kind == RespKind.Error;

    public bool IsNull => Kind == RespKind.Null;

    /// <summary>Empty for whatever has no members.</summary>
    public ReadOnlySpan<RespReply> Items => Members;

    public IReadOnlyList<RespReply> List => Members ?? [];

    public string Text => Kind == RespKind.Integer
        ? Number.ToString(System.Globalization.CultureInfo.InvariantCulture)
        : Bytes is null ? "" : Encoding.UTF8.GetString(Bytes);

    /// <summary>An integer, also one that is written as text.</summary>
    public bool TryGetInteger(out long number)
    {
        number = Number;
        return Kind == RespKind.Integer || (Bytes is not null && System.Buffers.Text.Utf8Parser.TryParse(Bytes, out number, out var read) && read == Bytes.Length);
    }

    /// <summary>The error begins with this word: NOGROUP, WRONGTYPE and the like.</summary>
    public bool IsErrorOf(ReadOnlySpan<byte> code) => IsError && Bytes.AsSpan().StartsWith(code);
}
