using System.Buffers;
using Sidecar.Components.Redis;

namespace Sidecar.Components.Tests.Redis;

/// <summary>The parser, as a connection uses it, and its replies as text.</summary>
internal static class RespReading
{
    /// <summary>Gives the parser so many bytes at once, in segments, behind what it has left over.</summary>
    public static List<string> Read(byte[] wire, int step, RespLimits limits)
    {
        List<string> replies = [];
        Read(wire, [step], limits, replies);
        return replies;
    }

    /// <param name="steps">How many bytes come at once, in turn.</param>
    /// <param name="replies">Has those too that come before a failure.</param>
    public static void Read(byte[] wire, int[] steps, RespLimits limits, List<string> replies)
    {
        var parser = new RespParser(limits);
        var rest = Array.Empty<byte>();
        for (var (at, turn) = (0, 0); at < wire.Length; turn++)
        {
            var end = Math.Min(wire.Length, at + steps[turn % steps.Length]);
            var buffer = Segments(rest, wire[at..end]);
            while (parser.TryRead(ref buffer, out var reply))
                replies.Add(Text(reply));
            rest = buffer.ToArray();
            at = end;
        }
    }

    private static ReadOnlySequence<byte> Segments(byte[] first, byte[] second)
    {
        var start = new Segment(first, null);
        var end = new Segment(second, start);
        return new ReadOnlySequence<byte>(start, 0, end, second.Length);
    }

    private static string Text(RespReply reply) => reply.Kind switch
    {
        RespKind.Null => "null",
        RespKind.Error => $"!{reply.Text}",
        RespKind.Items => $"[{string.Join(',', reply.List.Select(Text))}]",
        RespKind.Push => $">[{string.Join(',', reply.List.Select(Text))}]",
        _ => reply.Text,
    };

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, Segment? before)
        {
            Memory = bytes;
            if (before is null)
                return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
