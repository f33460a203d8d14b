using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Sidecar.Runtime.GoJson;

/// <summary>
/// Writes a JSON value the way Dapr stores it: decoded and encoded again by Go, hence without insignificant white space,
/// object keys sorted, numbers as float64, and <c>&lt; &gt; &amp;</c> escaped (contract section 6.6).
/// </summary>
internal sealed class CompactJson
{
    private const int LargestKept = 256 * 1024;

    // Encoding is synchronous, so one scratch buffer per thread serves every request.
    [ThreadStatic]
    private static CompactJson? _ofThread;

    private readonly List<Member> _members = [];
    private byte[] _buffer = new byte[1024];
    private int _length;

    /// <summary>Encodes the value the reader stands on, and leaves the reader on its last token.</summary>
    /// <exception cref="JsonException">The value is not well formed, or a number is beyond a float64.</exception>
    public static byte[] Encode(ref Utf8JsonReader reader)
    {
        var encoder = _ofThread ??= new CompactJson();
        encoder._length = 0;
        encoder._members.Clear();
        encoder.WriteValue(ref reader);
        var encoded = encoder._buffer.AsSpan(0, encoder._length).ToArray();
        if (encoder._buffer.Length > LargestKept)
            _ofThread = null;
        return encoded;
    }

    private void WriteValue(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                WriteObject(ref reader);
                break;
            case JsonTokenType.StartArray:
                WriteArray(ref reader);
                break;
            case JsonTokenType.String:
                WriteString(ref reader);
                break;
            case JsonTokenType.Number:
                WriteNumber(reader.ValueSpan);
                break;
            default:
                Append(reader.ValueSpan);
                break;
        }
    }

    private void WriteArray(ref Utf8JsonReader reader)
    {
        Append((byte)'[');
        var isFirst = true;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (!isFirst)
                Append((byte)',');
            isFirst = false;
            WriteValue(ref reader);
        }

        Append((byte)']');
    }

    private void WriteObject(ref Utf8JsonReader reader)
    {
        var start = _length;
        var firstMember = _members.Count;
        var inOrder = true;
        Append((byte)'{');
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            if (_members.Count > firstMember)
                Append((byte)',');
            var memberStart = _length;
            WriteString(ref reader);
            var nameEnd = _length;
            Append((byte)':');
            reader.Read();
            WriteValue(ref reader);
            _members.Add(new Member(memberStart, nameEnd, _length));
            inOrder = inOrder && (_members.Count - firstMember < 2 || CompareNames(_members[^2], _members[^1]) < 0);
        }

        Append((byte)'}');
        if (!inOrder)
            Reorder(start, firstMember);
        _members.RemoveRange(firstMember, _members.Count - firstMember);
    }

    /// <summary>Sorts the members of the object at <paramref name="start"/>; of equal names the last one written stays.</summary>
    private void Reorder(int start, int firstMember)
    {
        var members = CollectionsMarshal.AsSpan(_members)[firstMember..];
        members.Sort((left, right) => CompareNames(left, right) is var order and not 0 ? order : left.Start.CompareTo(right.Start));

        var size = _length - start;
        var copy = ArrayPool<byte>.Shared.Rent(size);
        _buffer.AsSpan(start, size).CopyTo(copy);
        _length = start + 1;
        for (var index = 0; index < members.Length; index++)
        {
            // Names lie where they were until they are overwritten, so equality is asked of the copy.
            if (index + 1 < members.Length && Name(copy, members[index], start).SequenceEqual(Name(copy, members[index + 1], start)))
                continue;
            if (_length > start + 1)
                _buffer[_length++] = (byte)',';
            var member = copy.AsSpan(members[index].Start - start, members[index].End - members[index].Start);
            member.CopyTo(_buffer.AsSpan(_length));
            _length += member.Length;
        }

        _buffer[_length++] = (byte)'}';
        ArrayPool<byte>.Shared.Return(copy);
    }

    private static ReadOnlySpan<byte> Name(byte[] bytes, Member member, int offset) =>
        bytes.AsSpan(member.Start - offset + 1, member.NameEnd - member.Start - 2);

    private int CompareNames(Member left, Member right)
    {
        var leftName = Name(_buffer, left, 0);
        var rightName = Name(_buffer, right, 0);
        return leftName.Contains((byte)'\\') || rightName.Contains((byte)'\\')
            ? Unescape(leftName).AsSpan().SequenceCompareTo(Unescape(rightName))
            : leftName.SequenceCompareTo(rightName);
    }

    private static byte[] Unescape(ReadOnlySpan<byte> name)
    {
        var bytes = new byte[name.Length];
        return bytes[..JsonText.Unescape(name, bytes)];
    }

    private void WriteString(ref Utf8JsonReader reader)
    {
        Append((byte)'"');
        if (reader.ValueIsEscaped)
        {
            var rented = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
            WriteText(rented.AsSpan(0, JsonText.Unescape(reader.ValueSpan, rented)));
            ArrayPool<byte>.Shared.Return(rented);
        }
        else
        {
            WriteText(reader.ValueSpan);
        }

        Append((byte)'"');
    }

    private void WriteText(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            var plain = text.IndexOfAny(GoEscapes.FirstBytes);
            plain = plain < 0 ? text.Length : plain;
            Append(text[..plain]);
            text = text[plain..];
            if (text.IsEmpty)
                return;
            Append(GoEscapes.For(text, out var consumed));
            text = text[consumed..];
        }
    }

    private void WriteNumber(ReadOnlySpan<byte> number)
    {
        // A short integer prints as it reads.
        if (number.Length <= 15 && number.IndexOfAny((byte)'.', (byte)'e', (byte)'E') < 0)
        {
            Append(number);
            return;
        }

        Span<byte> text = stackalloc byte[GoNumber.MaxLength];
        if (!GoNumber.TryFormatJson(number, text, out var written))
            throw new JsonException($"number {System.Text.Encoding.UTF8.GetString(number)} is out of range");
        Append(text[..written]);
    }

    private void Append(byte one)
    {
        if (_length == _buffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
        _buffer[_length++] = one;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _buffer.Length - _length)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + bytes.Length));
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    /// <summary>Where an encoded <c>"name":value</c> lies in the buffer.</summary>
    private readonly record struct Member(int Start, int NameEnd, int End);
}
