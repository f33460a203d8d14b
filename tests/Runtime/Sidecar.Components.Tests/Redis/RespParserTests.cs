using System.Buffers;
using System.Text;
using Sidecar.Components.Redis;

namespace Sidecar.Components.Tests.Redis;

public sealed class RespParserTests
{
    private const int Runs = 300;

    [Theory]
    [InlineData("+OK\r\n", "OK")]
    [InlineData("+\r\n", "")]
    [InlineData(":-42\r\n", "-42")]
    [InlineData("-ERR no\r\n", "!ERR no")]
    [InlineData("$5\r\na\r\nbc\r\n", "a\r\nbc")]
    [InlineData("$0\r\n\r\n", "")]
    [InlineData("$-1\r\n", "null")]
    [InlineData("*-1\r\n", "null")]
    [InlineData("_\r\n", "null")]
    [InlineData("*0\r\n", "[]")]
    [InlineData("*2\r\n:1\r\n*1\r\n+x\r\n", "[1,[x]]")]
    [InlineData("*2\r\n*0\r\n$-1\r\n", "[[],null]")]
    [InlineData("%1\r\n+a\r\n:1\r\n", "[a,1]")]
    [InlineData("~1\r\n+a\r\n", "[a]")]
    [InlineData(">1\r\n+message\r\n", ">[message]")]
    [InlineData("#t\r\n", "1")]
    [InlineData("#f\r\n", "0")]
    [InlineData(",1.5\r\n", "1.5")]
    [InlineData("(12345678901234567890\r\n", "12345678901234567890")]
    [InlineData("!3\r\nBAD\r\n", "!BAD")]
    [InlineData("=7\r\ntxt:abc\r\n", "abc")]
    [InlineData("|1\r\n+ttl\r\n:3\r\n+x\r\n", "x")]
    [InlineData("|0\r\n+x\r\n", "x")]
    [InlineData("*2\r\n|1\r\n+ttl\r\n*1\r\n:3\r\n+x\r\n+y\r\n", "[x,y]")]
    public void Each_form_of_reply_is_read_however_its_bytes_are_cut(string wire, string expected)
    {
        for (var cut = 0; cut <= wire.Length; cut++)
            Assert.Equal([expected], ReadAll(Encoding.UTF8.GetBytes(wire), cut));
    }

    [Theory]
    [InlineData("hello\r\n")]
    [InlineData("\r\n")]
    [InlineData("$\r\n")]
    [InlineData("$x\r\n")]
    [InlineData("$1x\r\n")]
    [InlineData("$-2\r\n")]
    [InlineData("*-2\r\n")]
    [InlineData("$?\r\n")]
    [InlineData("$2\r\nabc\r\n")]
    [InlineData(":\r\n")]
    [InlineData(":1.5\r\n")]
    [InlineData("#x\r\n")]
    [InlineData("=3\r\nabc\r\n")]
    [InlineData("$99999999999999999999\r\n")]
    [InlineData("$1001\r\n")]
    [InlineData("*101\r\n")]
    [InlineData("%51\r\n")]
    [InlineData("%9223372036854775807\r\n")]
    [InlineData("*60\r\n*60\r\n")]
    [InlineData("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n")]
    [InlineData("*3\r\n$900\r\n")]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n")]
    public void What_is_no_reply_or_beyond_the_limits_is_refused(string wire)
    {
        var limits = new RespLimits { BulkLength = 1000, ReplyLength = 800, Items = 100, Depth = 4, LineLength = 80 };
        Assert.Throws<RespException>(() => Read(Encoding.UTF8.GetBytes(wire), wire.Length, limits));
    }

    [Fact]
    public void A_line_without_end_is_refused_before_it_is_kept() =>
        Assert.Throws<RespException>(() => Read(Encoding.UTF8.GetBytes($"+{new string('x', 100)}"), 50, new RespLimits { LineLength = 80 }));

    [Fact]
    public void A_length_that_is_announced_and_never_comes_takes_no_memory()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Empty(Read("*1000000\r\n$500000000\r\nx"u8.ToArray(), 3, RespLimits.Default));

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 100_000, "memory was taken for what had only been announced");
    }

    [Fact]
    public void Generated_replies_are_read_as_they_were_written_however_they_are_cut()
    {
        for (var seed = 0; seed < Runs; seed++)
        {
            var random = new Random(seed);
            var (wire, expected) = (new ArrayBufferWriter<byte>(), new List<string>());
            for (var count = random.Next(1, 5); count > 0; count--)
                expected.Add(Write(random, wire, depth: 0));

            Assert.Equal(expected, Read(wire.WrittenSpan.ToArray(), random.Next(1, 40), RespLimits.Default));
        }
    }

    [Fact]
    public void Generated_nonsense_is_refused_or_waited_on_and_nothing_else()
    {
        var alphabet = "+-:$*_#,(!=%~>|0123456789\r\n\r\n\r\nax"u8;
        for (var seed = 0; seed < Runs * 10; seed++)
        {
            var random = new Random(seed);
            var bytes = new byte[random.Next(1, 60)];
            for (var index = 0; index < bytes.Length; index++)
                bytes[index] = alphabet[random.Next(alphabet.Length)];
            try
            {
                Read(bytes, random.Next(1, 20), RespLimits.Default);
            }
            catch (RespException)
            {
                // As it should be.
            }
        }
    }

    private static string Write(Random random, ArrayBufferWriter<byte> wire, int depth)
    {
        switch (random.Next(depth > 3 ? 4 : 5))
        {
            case 0:
                var number = random.NextInt64();
                wire.Write(Encoding.UTF8.GetBytes($":{number}\r\n"));
                return $"{number}";
            case 1:
                wire.Write("$-1\r\n"u8);
                return "null";
            case 2:
                wire.Write("-ERR x\r\n"u8);
                return "!ERR x";
            case 3:
                var text = new string([.. Enumerable.Range(0, random.Next(50)).Select(_ => "ab\r\n$*é"[random.Next(7)])]);
                wire.Write(Encoding.UTF8.GetBytes($"${Encoding.UTF8.GetByteCount(text)}\r\n{text}\r\n"));
                return text;
            default:
                var count = random.Next(5);
                wire.Write(Encoding.UTF8.GetBytes($"*{count}\r\n"));
                return $"[{string.Join(',', Enumerable.Range(0, count).Select(_ => Write(random, wire, depth + 1)))}]";
        }
    }

    private static List<string> ReadAll(byte[] wire, int cut) => Read(wire, Math.Max(1, cut), RespLimits.Default);

    /// <summary>Gives the parser so many bytes at once, in segments, behind what it has left over.</summary>
    private static List<string> Read(byte[] wire, int step, RespLimits limits)
    {
        var parser = new RespParser(limits);
        List<string> replies = [];
        var rest = Array.Empty<byte>();
        for (var at = 0; at < wire.Length; at += step)
        {
            var buffer = Segments(rest, wire[at..Math.Min(wire.Length, at + step)]);
            while (parser.TryRead(ref buffer, out var reply))
                replies.Add(Text(reply));
            rest = buffer.ToArray();
        }

        return replies;
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
