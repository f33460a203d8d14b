using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Runtime.Expressions;
using Sidecar.Runtime.PubSub.Routing;
using Sidecar.Runtime.Tests.PubSub;
using TestSupport;

namespace Sidecar.Runtime.Tests.Expressions;

/// <summary>Whatever a rule or a condition says, it is refused or comes to a value or an error: the right one, where it can be worked out otherwise.</summary>
public sealed class ExpressionPropertyTests
{
    private static readonly string[] Pieces =
    [
        "event", ".", "type", "data", "[", "]", "(", ")", "{", "}", "'a'", "\"b\"", "r'\\d'", "1", "2u", "3.5", "-", "+", "*", "/", "%", "&&", "||", "!", "==", "!=", "<", ">=",
        "in", "?", ":", ",", "has", "size", "matches", "exists", "all", "map", "x", "true", "null", "9223372036854775807", "'\\u0041'", "'", "\\", "//", "\n", " ", "0x", "é", "\ud800",
    ];

    private static readonly Dictionary<string, object?> Variables = new()
    {
        ["event"] = JsonDocument.Parse("""{"type":"a","data":{"x":[1,"a",null,{}],"\ud800":"\udc00"}}""").RootElement,
        ["x"] = new List<object?> { 1L, 2.5, "a", null, true },
    };

    [Fact]
    public void No_pieces_make_it_throw() => Fuzz.Check(Gen.Elements(Pieces).ArrayOf().Select(string.Concat), EndsInAnAnswer);

    [Fact]
    public void No_text_makes_it_throw() => Fuzz.Check(ArbMap.Default.GeneratorFor<string>().Select(text => text ?? ""), EndsInAnAnswer);

    [Fact]
    public void No_wound_of_a_good_expression_makes_it_throw() => Fuzz.Check(Wounds.Of(WellFormed(4), Pieces), EndsInAnAnswer);

    [Fact]
    public void Every_well_formed_expression_evaluates_to_a_value_or_an_error() => Fuzz.Check(WellFormed(5), text =>
    {
        Assert.True(Expression.TryParse(text, out var expression, out var error), $"{text}: {error}");
        var result = expression!.Evaluate(Variables);
        return result.Error is null || result.Value is null;
    });

    [Fact]
    public void Every_rule_decides_on_every_event()
    {
        var inputs = from rule in WellFormed(4) from text in GeneratedJson.Object(2) select (rule, text);

        Fuzz.Check(inputs, input =>
        {
            using var cloudEvent = JsonDocument.Parse(input.text);
            Assert.True(new ExpressionMatcherParser().TryParse(input.rule, out var matcher, out var reason), reason);
            return matcher.Matches(cloudEvent.RootElement, out var error) is not null == error is null;
        });
    }

    [Fact]
    public void Integers_and_logic_come_to_what_they_are_worked_out_to_be() =>
        Fuzz.Check(ReferenceExpressions.Conditions(Gen.Elements<(string, bool?)>(("event.absent", null), ("1 == event.absent", null)), ReferenceExpressions.Integers(ReferenceExpressions.Numbers, 3), 3), IsAsExpected);

    [Fact]
    public void Rules_find_in_an_event_what_was_put_there() => Fuzz.Check(
        from number in Gen.Choose(-5, 5)
        from list in Gen.Choose(-5, 5).ArrayOf()
        from text in Gen.Elements("", "a", "ab", "é😀", "b'c")
        from flag in ArbMap.Default.GeneratorFor<bool>()
        let cloudEvent = JsonSerializer.Serialize(new { data = new { number, list, text, flag } })
        from condition in ReferenceExpressions.Conditions(Looks(number, list, text, flag), ReferenceExpressions.Numbers, 3)
        select (cloudEvent, condition.Text, condition.Value),
        input =>
        {
            using var cloudEvent = JsonDocument.Parse(input.cloudEvent);
            Assert.True(Expression.TryParse(input.Text, out var expression, out var error), error);
            return expression!.Evaluate(new Dictionary<string, object?> { ["event"] = cloudEvent.RootElement }).Bool == input.Value;
        });

    private static bool IsAsExpected((string Text, bool? Value) condition)
    {
        Assert.True(Expression.TryParse(condition.Text, out var expression, out var error), error);
        var result = expression!.Evaluate(Variables);
        Assert.Equal(condition.Value is null, result.IsError);
        return result.Bool == condition.Value;
    }

    /// <summary>Questions about an event, with the answers.</summary>
    private static Gen<(string Text, bool? Value)> Looks(int number, int[] list, string text, bool flag)
    {
        var few = Gen.Choose(-6, 6);
        return Gen.OneOf(
            Gen.Elements<(string, bool?)>(
                ("event.data.flag", flag), ("has(event.data.flag)", true), ("has(event.data.absent)", false), ("event.data.absent", null), ("event.data.text", null),
                ($"size(event.data.text) == {text.EnumerateRunes().Count()}", true), ("event.data.list == event.data['list']", true), ("event.data == event", false)),
            few.Select(other => ($"event.data.number < {other}", (bool?)(number < other))),
            few.Select(other => ($"event.data.number == {other}.0", (bool?)(number == other))),
            few.Select(other => ($"{other} in event.data.list", (bool?)list.Contains(other))),
            few.Select(other => ($"size(event.data.list) > {other}", (bool?)(list.Length > other))),
            few.Select(other => ($"event.data.list.exists(x, x > {other})", (bool?)list.Any(item => item > other))),
            few.Select(other => ($"event.data.list.all(x, x > {other})", (bool?)list.All(item => item > other))),
            few.Select(other => ($"event.data.list.filter(x, x > {other}).size() == {list.Count(item => item > other)}", (bool?)true)),
            few.Select(other => ($"event.data.list[{other}] == {(other >= 0 && other < list.Length ? list[other] : 0)}", other >= 0 && other < list.Length ? true : (bool?)null)),
            Gen.Elements("a", "b", "😀", "'").Select(part => ($"event.data.text.contains(\"{part}\")", (bool?)text.Contains(part, StringComparison.Ordinal))),
            Gen.Elements("a", "ab", "é").Select(part => ($"(event.data.text.startsWith('{part}') || event.data.text.matches('^{part}'))", (bool?)text.StartsWith(part, StringComparison.Ordinal))));
    }

    private static bool EndsInAnAnswer(string text)
    {
        if (!Expression.TryParse(text, out var expression, out var error))
            return error!.Length > 0 && expression is null;
        var result = expression!.Evaluate(Variables);
        return result.Error is null || result.Value is null;
    }

    private static Gen<string> WellFormed(int depth)
    {
        var leaf = Gen.Elements("1", "-2", "3u", "4.5", "'a'", "'é😀'", "true", "null", "event", "event.type", "event.data.x", "x", "[]", "{}", "9223372036854775807", "0", "absent");
        if (depth == 0)
            return leaf;
        var inner = WellFormed(depth - 1);
        var binary = Gen.Elements("+", "-", "*", "/", "%", "&&", "||", "==", "!=", "<", "<=", ">", ">=", "in");
        return Gen.OneOf(
            leaf,
            from left in inner from operation in binary from right in inner select $"({left} {operation} {right})",
            from operation in Gen.Elements("!", "-") from operand in inner select $"{operation}({operand})",
            from condition in inner from whenTrue in inner from whenFalse in inner select $"({condition} ? {whenTrue} : {whenFalse})",
            from name in Gen.Elements("size", "int", "uint", "double", "string", "bool", "dyn") from argument in inner select $"{name}({argument})",
            from target in inner from name in Gen.Elements("contains", "startsWith", "endsWith", "matches") from argument in inner select $"dyn({target}).{name}(dyn({argument}))",
            from target in inner from name in Gen.Elements("all", "exists", "exists_one", "filter", "map") from body in inner select $"({target}).{name}(x, {body})",
            from target in inner from index in inner select $"({target})[{index}]",
            from target in inner select $"has(({target}).x)",
            from first in inner from second in inner select $"[{first}, {second}]",
            from key in inner from value in inner select $"{{{key}: {value}}}");
    }
}
