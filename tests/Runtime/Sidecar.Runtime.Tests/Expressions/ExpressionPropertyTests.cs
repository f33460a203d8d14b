using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Runtime.Expressions;

namespace Sidecar.Runtime.Tests.Expressions;

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
    public void No_text_makes_it_throw()
    {
        var texts = Gen.Elements(Pieces).ArrayOf().Select(string.Concat);

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(5000).WithQuietOnSuccess(true), Prop.ForAll(texts.ToArbitrary(), EndsInAnAnswer));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000).WithQuietOnSuccess(true), Prop.ForAll(ArbMap.Default.ArbFor<string>(), text => text is null || EndsInAnAnswer(text)));
    }

    [Fact]
    public void Every_well_formed_expression_evaluates_to_a_value_or_an_error() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(5000).WithQuietOnSuccess(true), Prop.ForAll(WellFormed(5).ToArbitrary(), text =>
        {
            Assert.True(Expression.TryParse(text, out var expression, out var error), $"{text}: {error}");
            var result = expression!.Evaluate(Variables);
            return result.Error is null || result.Value is null;
        }));

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
