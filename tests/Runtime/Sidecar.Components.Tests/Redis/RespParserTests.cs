using System.Text;
using Sidecar.Components.Redis;
using static Sidecar.Components.Tests.Redis.RespReading;

namespace Sidecar.Components.Tests.Redis;

public sealed class RespParserTests
{
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
    public void Lines_count_to_what_one_reply_may_hold_as_well_as_values_do()
    {
        var limits = new RespLimits { ReplyLength = 100, LineLength = 80 };
        var line = new string('x', 60);

        Assert.Throws<RespException>(() => Read(Encoding.UTF8.GetBytes($"*3\r\n+{line}\r\n-{line}\r\n"), 10, limits));
        Assert.Equal([line, line], Read(Encoding.UTF8.GetBytes($"+{line}\r\n+{line}\r\n"), 10, limits));
    }

    [Theory]
    [InlineData("*1\r\n")]
    [InlineData("%1\r\n")]
    [InlineData("|1\r\n")]
    public void Ten_thousand_arrays_within_each_other_are_refused(string wire) =>
        Assert.Throws<RespException>(() => Read(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(wire, 10_000))), 7, RespLimits.Default));

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

    private static List<string> ReadAll(byte[] wire, int cut) => Read(wire, Math.Max(1, cut), RespLimits.Default);
}
