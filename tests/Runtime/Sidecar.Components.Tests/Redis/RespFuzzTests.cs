using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Components.Redis;
using TestSupport;

namespace Sidecar.Components.Tests.Redis;

/// <summary>Whatever a server sends is a reply, not yet one, or refused as none; and takes no more memory than came.</summary>
public sealed class RespFuzzTests
{
    private const int Memory = 1 << 20;

    private static readonly Gen<string> Texts = Gen.Elements("a", "b", "\r\n", "$", "*1\r\n", "é", "\0", "+OK", "|", "😀").ArrayOf().Select(string.Concat);

    private static readonly string[] Tokens =
    [
        "\r\n", "\r", "\n", "+", "-", ":", "$", "*", "_", "#", ",", "(", "!", "=", "%", "~", ">", "|", "-1", "0", "1", "2", "99999999999999999999", "9223372036854775807", "-2", "+1",
        "$-1\r\n", "*-1\r\n", "*0\r\n", "|0\r\n", "|1\r\n", "%1\r\n", "=7\r\ntxt:abc\r\n", "*1048577\r\n", "$536870913\r\n", "*1000000\r\n", "$500000000\r\n", "?", " ", "x",
    ];

    [Fact]
    public void Replies_are_read_as_they_were_written_however_they_are_cut()
    {
        var inputs = from replies in Reply(3).ArrayOf()
                     from steps in Gen.Choose(1, 40).NonEmptyListOf()
                     select (replies, steps: steps.ToArray());
        Fuzz.Check(inputs, input =>
        {
            var wire = Encoding.UTF8.GetBytes(string.Concat(input.replies.Select(reply => reply.Wire)));
            List<string> read = [];
            RespReading.Read(wire, input.steps, RespLimits.Default, read);
            Assert.Equal(input.replies.Select(reply => reply.Text), read);
            return true;
        });
    }

    [Fact]
    public void Tokens_in_any_order_end_the_same_way_however_they_are_cut() =>
        Fuzz.Check(Gen.Elements(Tokens).ArrayOf().Select(tokens => Encoding.UTF8.GetBytes(string.Concat(tokens))), EndsTheSameWay, memory: Memory);

    [Fact]
    public void Replies_with_wounds_end_the_same_way_however_they_are_cut()
    {
        var whole = Reply(3).NonEmptyListOf().Select(replies => Encoding.UTF8.GetBytes(string.Concat(replies.Take(3).Select(reply => reply.Wire))));
        Fuzz.Check(Wounds.Of(whole, [.. Tokens.Select(Encoding.UTF8.GetBytes)]), EndsTheSameWay, memory: 4 * Memory);
    }

    // What has been read, and whether it was refused then, must not hang on how the bytes came.
    private static bool EndsTheSameWay(byte[] wire)
    {
        var outcome = Outcome(wire, [Math.Max(1, wire.Length)]);
        Assert.Equal(outcome, Outcome(wire, [1]));
        Assert.Equal(outcome, Outcome(wire, [7, 2, 13]));
        return true;
    }

    private static string Outcome(byte[] wire, int[] steps)
    {
        List<string> read = [];
        try
        {
            RespReading.Read(wire, steps, RespLimits.Default, read);
            return string.Join(' ', read);
        }
        catch (RespException)
        {
            return $"{string.Join(' ', read)} refused";
        }
    }

    /// <summary>A reply in each of the forms, and what is to be read of it.</summary>
    private static Gen<(string Wire, string Text)> Reply(int depth)
    {
        var line = Texts.Select(text => text.Replace("\r\n", "", StringComparison.Ordinal));
        var leaf = Gen.OneOf(
            ArbMap.Default.GeneratorFor<long>().Select(number => ($":{number}\r\n", $"{number}")),
            Gen.Elements(("$-1\r\n", "null"), ("*-1\r\n", "null"), ("_\r\n", "null"), ("#t\r\n", "1"), ("#f\r\n", "0"), (",-1.5\r\n", "-1.5"), ("(123456789012345678901\r\n", "123456789012345678901")),
            line.Select(text => ($"+{text}\r\n", text)),
            line.Select(text => ($"-{text}\r\n", $"!{text}")),
            Texts.Select(text => ($"${Encoding.UTF8.GetByteCount(text)}\r\n{text}\r\n", text)),
            Texts.Select(text => ($"={Encoding.UTF8.GetByteCount(text) + 4}\r\ntxt:{text}\r\n", text)),
            Texts.Select(text => ($"!{Encoding.UTF8.GetByteCount(text)}\r\n{text}\r\n", $"!{text}")));
        if (depth == 0)
            return leaf;
        var inner = Reply(depth - 1);
        return Gen.Frequency(
            (3, leaf),
            (2, from type in Gen.Elements('*', '~', '>')
                from members in inner.ArrayOf().Select(all => all.Take(6).ToArray())
                select ($"{type}{members.Length}\r\n{Wires(members)}", $"{(type == '>' ? ">" : "")}[{TextOf(members)}]")),
            (1, from pairs in Gen.Zip(inner, inner).ArrayOf().Select(all => all.Take(3).ToArray())
                let members = pairs.SelectMany(pair => new[] { pair.Item1, pair.Item2 }).ToArray()
                select ($"%{pairs.Length}\r\n{Wires(members)}", $"[{TextOf(members)}]")),
            (1, from name in inner
                from value in inner
                from reply in inner
                select ($"|1\r\n{name.Wire}{value.Wire}{reply.Wire}", reply.Text)));
    }

    private static string Wires(IEnumerable<(string Wire, string Text)> replies) => string.Concat(replies.Select(reply => reply.Wire));

    private static string TextOf(IEnumerable<(string Wire, string Text)> replies) => string.Join(',', replies.Select(reply => reply.Text));
}
