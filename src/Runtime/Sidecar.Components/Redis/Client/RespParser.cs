using System.Buffers;
using System.Buffers.Text;

namespace Sidecar.Components.Redis;

/// <summary>
/// Reads replies from what has arrived so far. It remembers arrays that are half there, so that nothing is read twice however
/// the bytes are cut.
/// <code>
/// reply     = type line CRLF [bytes CRLF | replies]           ; https://redis.io/docs/reference/protocol-spec
/// "+" text              status           "$" length CRLF bytes CRLF    bulk; length -1 = null
/// "-" text              error            "=" length CRLF bytes CRLF    bulk; 3 letters and ":" stand before the text
/// ":" integer                            "!" length CRLF bytes CRLF    error
/// "," double  "(" big number             "*" count CRLF replies        array; count -1 = null
/// "#" ("t" | "f")                        "~" count CRLF replies        set
/// "_"                   null             ">" count CRLF replies        push: not an answer
///                                        "%" count CRLF 2*count replies    map
///                                        "|" count CRLF 2*count replies    attributes of the reply that follows
/// </code>
/// </summary>
internal sealed class RespParser(RespLimits limits)
{
    private readonly Stack<Frame> _open = [];
    private int _items;
    private long _bytes;

    /// <summary>Takes what it can from <paramref name="buffer"/>. True when a reply is complete; otherwise more bytes are needed.</summary>
    /// <exception cref="RespException">The bytes are no reply.</exception>
    public bool TryRead(ref ReadOnlySequence<byte> buffer, out RespReply reply)
    {
        while (TryReadOne(ref buffer, out reply, out var isOpened))
        {
            if (!isOpened && TryClose(ref reply))
            {
                (_items, _bytes) = (0, 0);
                return true;
            }
        }

        return false;
    }

    /// <summary>Puts the reply into the array that waits for it. True when it stands for itself, or the outermost array is full.</summary>
    private bool TryClose(ref RespReply reply)
    {
        while (_open.TryPeek(out var frame))
        {
            frame.Members.Add(reply);
            if (frame.Members.Count < frame.Count)
                return false;
            _open.Pop();
            if (frame.IsAttribute)
                return false;
            reply = new RespReply(frame.Kind, Members: [.. frame.Members]);
        }

        return true;
    }

    /// <param name="isOpened">An array with members has begun, and they follow.</param>
    private bool TryReadOne(ref ReadOnlySequence<byte> buffer, out RespReply reply, out bool isOpened)
    {
        (reply, isOpened) = (default, false);
        if (!TryReadLine(buffer, out var line, out var rest))
            return false;
        if (line.IsEmpty)
            throw new RespException("an empty line where a reply should begin");
        var text = line.AsSpan(1);
        switch (line.Type)
        {
            case (byte)'+' or (byte)',' or (byte)'(':
                reply = new RespReply(RespKind.Bytes, Counted(text));
                break;
            case (byte)'-':
                reply = new RespReply(RespKind.Error, Counted(text));
                break;
            case (byte)':':
                reply = new RespReply(RespKind.Integer, Number: Integer(text));
                break;
            case (byte)'#' when text is [(byte)'t' or (byte)'f']:
                reply = new RespReply(RespKind.Integer, Number: text[0] == 't' ? 1 : 0);
                break;
            case (byte)'_' when text.IsEmpty:
                reply = RespReply.Null;
                break;
            case (byte)'$' or (byte)'=' or (byte)'!':
                if (!TryReadBulk(line.Type, Integer(text), ref rest, out reply))
                    return false;
                break;
            case (byte)'*' or (byte)'~' or (byte)'>' or (byte)'%' or (byte)'|':
                isOpened = TryOpen(line.Type, Integer(text), out reply);
                break;
            default:
                throw new RespException($"0x{line.Type:x2} does not begin a reply");
        }

        buffer = rest;
        return true;
    }

    // A million lines in one array are as much memory as one value of that size.
    private byte[] Counted(ReadOnlySpan<byte> text) => (_bytes += text.Length) <= limits.ReplyLength
        ? text.ToArray()
        : throw new RespException($"more than {limits.ReplyLength} bytes in one reply");

    private bool TryReadBulk(byte type, long length, ref ReadOnlySequence<byte> rest, out RespReply reply)
    {
        reply = RespReply.Null;
        if (length == -1 && type == '$')
            return true;
        if (length < 0 || length > limits.BulkLength || _bytes + length > limits.ReplyLength)
            throw new RespException($"a value of {length} bytes is announced");
        if (rest.Length < length + 2)
            return false;
        Span<byte> end = stackalloc byte[2];
        rest.Slice(length, 2).CopyTo(end);
        if (!end.SequenceEqual("\r\n"u8))
            throw new RespException($"no end of line after a value of {length} bytes");
        var isVerbatim = type == '=';
        if (isVerbatim && length < 4)
            throw new RespException("a text without its form");
        _bytes += length;
        reply = new RespReply(type == '!' ? RespKind.Error : RespKind.Bytes, rest.Slice(isVerbatim ? 4 : 0, isVerbatim ? length - 4 : length).ToArray());
        rest = rest.Slice(length + 2);
        return true;
    }

    private bool TryOpen(byte type, long count, out RespReply reply)
    {
        reply = RespReply.Null;
        if (count == -1 && type == '*')
            return false;
        if (count < 0 || count > limits.Items)
            throw new RespException($"{count} members are announced");
        var members = type is (byte)'%' or (byte)'|' ? (int)count * 2 : (int)count;
        if ((_items += members) > limits.Items)
            throw new RespException($"more than {limits.Items} members are announced");
        if (_open.Count >= limits.Depth)
            throw new RespException($"arrays within arrays, more than {limits.Depth}");
        var kind = type == '>' ? RespKind.Push : RespKind.Items;
        if (members > 0)
        {
            _open.Push(new Frame(kind, members, type == '|', new List<RespReply>(Math.Min(members, 64))));
            return true;
        }

        reply = new RespReply(kind, Members: []);

        // No attributes at all: what they belong to follows.
        return type == '|';
    }

    private bool TryReadLine(in ReadOnlySequence<byte> buffer, out Line line, out ReadOnlySequence<byte> rest)
    {
        (line, rest) = (default, default);
        var reader = new SequenceReader<byte>(buffer);
        if (!reader.TryReadTo(out ReadOnlySequence<byte> found, "\r\n"u8))
        {
            if (buffer.Length > limits.LineLength)
                throw new RespException($"a line longer than {limits.LineLength} bytes");
            return false;
        }

        if (found.Length > limits.LineLength)
            throw new RespException($"a line longer than {limits.LineLength} bytes");
        line = new Line(found.IsSingleSegment ? found.First : found.ToArray());
        rest = reader.UnreadSequence;
        return true;
    }

    private static long Integer(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(text, out long number, out var read) && read == text.Length && read > 0
            ? number
            : throw new RespException("a number that is none");

    private readonly record struct Line(ReadOnlyMemory<byte> Bytes)
    {
        public bool IsEmpty => Bytes.IsEmpty;

        public byte Type => Bytes.Span[0];

        public ReadOnlySpan<byte> AsSpan(int start) => Bytes.Span[start..];
    }

    private sealed record Frame(RespKind Kind, int Count, bool IsAttribute, List<RespReply> Members);
}
