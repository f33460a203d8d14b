using System.Text.Json;
using Sidecar.Runtime.Expressions;

namespace Sidecar.Runtime.Tests.Expressions;

public sealed class ExpressionTests
{
    private const string Event = """
        {
          "type": "order.submitted", "source": "shop", "empty": "", "my-ext": "x",
          "data": {
            "total": 12.5, "count": 3, "big": 9007199254740993, "vip": true, "note": null, "name": "Grüße 😀",
            "lines": [ { "sku": "tea", "price": 2 }, { "sku": "mug", "price": 10 } ], "tags": ["a", "b"], "nested": { "deep": { "x": 1 } }
          }
        }
        """;

    private static readonly Dictionary<string, object?> Variables = new()
    {
        ["event"] = JsonDocument.Parse(Event).RootElement,
        ["requests"] = 10L,
        ["consecutiveFailures"] = 6,
        ["metadata"] = new Dictionary<string, string> { ["key"] = "value" },
        ["list"] = new List<object?> { 1, "two", null },
    };

    private static EvaluationResult Evaluate(string text)
    {
        Assert.True(Expression.TryParse(text, out var expression, out var error), $"{text}: {error}");
        return expression!.Evaluate(Variables);
    }

    [Theory]
    [InlineData("event.type == 'order.submitted'")]
    [InlineData("event.type == \"order.submitted\" && event.source != 'x'")]
    [InlineData("event['my-ext'] == 'x'")]
    [InlineData("event['data']['total'] > 10")]
    [InlineData("event.data.total > 10 && event.data.total < 13.0")]
    [InlineData("event.data.count == 3 && event.data.count == 3u && event.data.count == 3.0")]
    [InlineData("event.data.lines[1].sku == 'mug'")]
    [InlineData("event.data.nested.deep.x >= 1")]
    [InlineData("event.data.vip")]
    [InlineData("event.data.note == null")]
    [InlineData("has(event.data.vip) && !has(event.data.absent) && has(event.data.note)")]
    [InlineData("'a' in event.data.tags && !('c' in event.data.tags)")]
    [InlineData("'total' in event.data && !('x' in event.data)")]
    [InlineData("event.type in ['order.submitted', 'order.confirmed']")]
    [InlineData("3 in [1, 2, 3] && !(4 in [1, 2, 3]) && 3.0 in [3]")]
    [InlineData("event.type.startsWith('order.') && event.type.endsWith('ted') && event.type.contains('.sub')")]
    [InlineData("event.type.matches('^order[.](submitted|confirmed)$')")]
    [InlineData("matches('abc', 'b')")]
    [InlineData("size(event.data.tags) == 2 && event.data.tags.size() == 2 && size('Grüße 😀') == 7 && size({'a': 1}) == 1")]
    [InlineData("event.data.name == 'Gr\\u00fc\\u00DFe \\U0001F600' && event.data.name == '''Grüße 😀'''")]
    [InlineData("event.data.lines.exists(l, l.price > 5) && event.data.lines.all(l, l.price > 1) && event.data.lines.exists_one(l, l.sku == 'tea')")]
    [InlineData("event.data.lines.filter(l, l.price > 5).map(l, l.sku) == ['mug']")]
    [InlineData("event.data.lines.map(l, l.price > 5, l.sku) == ['mug'] && event.data.nested.exists(k, k == 'deep')")]
    [InlineData("event.data.tags == ['a', 'b'] && event.data.nested == {'deep': {'x': 1}}")]
    [InlineData("requests > 5 ? consecutiveFailures > 5 : false")]
    [InlineData("false ? 1 / 0 > 0 : true")]
    [InlineData("1 + 2 * 3 == 7 && (1 + 2) * 3 == 9 && 7 / 2 == 3 && -7 / 2 == -3 && -7 % 3 == -1 && 7.0 / 2.0 == 3.5")]
    [InlineData("1 - 1 - 1 == -1 && 2 - -2 == 4 && --2 == 2 && !!true")]
    [InlineData("0x10 == 16 && 0x10u == 16u && 1e3 == 1000.0 && .5 == 0.5 && 1.5e-1 == 0.15")]
    [InlineData("-9223372036854775808 < 0 && 18446744073709551615u > 9223372036854775807")]
    [InlineData("'a' + 'b' == 'ab' && [1] + [2] == [1, 2]")]
    [InlineData("'a' < 'b' && false < true && '\\uE000' < '\\U0001F600'")]
    [InlineData("r'\\d' == '\\\\d' && 'a\\x41\\101\\n' == \"aAA\\n\"")]
    [InlineData("int('5') + int(2.9) + int(3u) == 10 && uint(3) == 3u && double('1.5') == 1.5 && double(2) == 2.0")]
    [InlineData("string(1) + string(2u) + string(1.5) + string(true) + string(1e21) == '121.5true1e+21'")]
    [InlineData("bool('true') && !bool('0') && dyn(1) == 1")]
    [InlineData("{1: 'a', 'b': 2, true: 3}[1] == 'a' && {1: 'a'}[1u] == 'a' && {'b': 2}.b == 2")]
    [InlineData("1 != 'a' && 'a' != null && [1] != {} && !(1 == '1')")]
    [InlineData("metadata.key == 'value' && metadata['key'] == 'value' && list[1] == 'two' && list[0] == 1 && list[2] == null")]
    [InlineData("event.data.big > 9007199254740990 && 9007199254740993 > 9007199254740992.0")]
    [InlineData("true // the rest is a comment")]
    [InlineData("  ( true\n  && true ) ")]
    [InlineData("true || false && false")]
    [InlineData("1 < 2 == true")]
    [InlineData(".event.type != ''")]
    [InlineData("[1, 2,] == [1, 2]")]
    public void It_is_true(string text)
    {
        var result = Evaluate(text);

        Assert.Null(result.Error);
        Assert.True(result.Bool);
    }

    [Theory]
    [InlineData("true || event.absent")]
    [InlineData("event.absent || true")]
    [InlineData("1 / 0 > 0 || 'a' || true")]
    [InlineData("!(false && event.absent) && !(event.absent && false)")]
    [InlineData("[1, 'a'].exists(x, x > 0) && ![1, 'a'].all(x, x < 0)")]
    public void The_deciding_operand_absorbs_errors_of_the_others(string text) => Assert.True(Evaluate(text).Bool);

    [Theory]
    [InlineData("event.absent == 1", "no such key: absent")]
    [InlineData("event.data.absent.x == 1", "no such key: absent")]
    [InlineData("absent", "no such variable: absent")]
    [InlineData("event.absent || false", "no such key: absent")]
    [InlineData("event.absent && true", "no such key: absent")]
    [InlineData("event.type.x", "no such overload: field 'x' for string")]
    [InlineData("event.data.note.x", "no such overload: field 'x' for null")]
    [InlineData("has(event.data.note.x)", "no such overload: has 'x' for null")]
    [InlineData("event.type > 1", "no such overload: > for string and int")]
    [InlineData("event.data.count + 1", "no such overload: + for double and int")]
    [InlineData("1 + 1u", "no such overload: + for int and uint")]
    [InlineData("1.0 % 2.0", "no such overload: % for double and double")]
    [InlineData("1 / 0", "division by zero")]
    [InlineData("1u % 0u", "division by zero")]
    [InlineData("9223372036854775807 + 1", "integer overflow in +")]
    [InlineData("9223372036854775807 * 2", "integer overflow in *")]
    [InlineData("-9223372036854775808 / -1", "integer overflow in /")]
    [InlineData("--9223372036854775808", "integer overflow in -")]
    [InlineData("0u - 1u", "integer overflow in -")]
    [InlineData("event.data.tags[2]", "index 2 is out of range")]
    [InlineData("event.data.tags[-1]", "index -1 is out of range")]
    [InlineData("event.data.tags['a']", "no such overload: [] for list and string")]
    [InlineData("event.data.tags.a", "no such overload: field 'a' for list")]
    [InlineData("!1", "no such overload: ! for int")]
    [InlineData("-'a'", "no such overload: - for string")]
    [InlineData("-1u", "no such overload: - for uint")]
    [InlineData("1 ? 2 : 3", "no such overload: ?: for int")]
    [InlineData("1 in 2", "no such overload: in for int and int")]
    [InlineData("1 && true", "no such overload: && for int")]
    [InlineData("event.data.count.contains('x')", "no such overload: contains for double and string")]
    [InlineData("int('x')", "int() cannot convert 'x'")]
    [InlineData("int(1e30)", "int() cannot convert 1e+30")]
    [InlineData("uint(-1)", "uint() cannot convert -1")]
    [InlineData("int([])", "no such overload: int for list")]
    [InlineData("size(1)", "no such overload: size for int")]
    [InlineData("{'a': 1, 'a': 2}", "a map cannot have the key a, or has it already")]
    [InlineData("event.type.matches(event.data.name + '(')", "matches: not a valid pattern")]
    [InlineData("[1].all(x, x)", "no such overload: a list macro for int")]
    [InlineData("event.type.all(x, true)", "no such overload: a list macro for string")]
    public void An_error_is_a_value(string text, string error)
    {
        var result = Evaluate(text);

        Assert.True(result.IsError);
        Assert.Null(result.Bool);
        Assert.StartsWith(error, result.Error);
    }

    [Theory]
    [InlineData("", "column 1: expected a value, found the end")]
    [InlineData("event.", "column 7: expected a field or method, found the end")]
    [InlineData("event.type == ", "column 15: expected a value, found the end")]
    [InlineData("event.type = 'x'", "column 12: unexpected character '='")]
    [InlineData("(1", "column 3: expected ')', found the end")]
    [InlineData("[1 2]", "column 4: expected ']', found '2'")]
    [InlineData("1 2", "column 3: expected an operator or the end, found '2'")]
    [InlineData("'abc", "column 1: the text is not closed")]
    [InlineData("'a\nb'", "column 1: the text is not closed")]
    [InlineData("'\\q'", "column 2: unknown escape; use a raw text r'…' for a backslash that means itself")]
    [InlineData("'\\u12'", "column 2: expected 4 hexadecimal digits")]
    [InlineData("'\\ud800'", "column 2: U+D800 is not a character")]
    [InlineData("b'x'", "column 1: byte literals are not supported")]
    [InlineData("9223372036854775808", "column 1: 9223372036854775808 is not an integer of 64 bits")]
    [InlineData("99999999999999999999", "column 1: '99999999999999999999' is not an integer of 64 bits")]
    [InlineData("1a", "column 2: unexpected 'a' after a number")]
    [InlineData("foo(1)", "column 1: unknown function 'foo' with 1 arguments")]
    [InlineData("'a'.foo(1)", "column 5: unknown method 'foo' with 1 arguments")]
    [InlineData("has(1)", "column 1: has() takes one field, as in has(event.data.x)")]
    [InlineData("[1].all(1, true)", "column 5: all() takes a name and an expression, as in all(x, x.price > 10.0)")]
    [InlineData("while == 1", "column 1: 'while' is reserved")]
    [InlineData("'a'.matches('(')", "column 5: matches: not a valid pattern: ")]
    [InlineData("a ? b", "column 6: expected ':', found the end")]
    [InlineData("{'a' 1}", "column 6: expected ':', found '1'")]
    public void A_wrong_text_is_told_with_its_column(string text, string error)
    {
        Assert.False(Expression.TryParse(text, out var expression, out var told));
        Assert.Null(expression);
        Assert.StartsWith(error, told);
    }

    [Fact]
    public void Long_chains_are_fine_and_deep_nests_are_refused()
    {
        Assert.True(Evaluate(string.Join(" && ", Enumerable.Repeat("true", 800))).Bool);
        Assert.False(Expression.TryParse(new string('(', 2000) + "1" + new string(')', 2000), out _, out var nested));
        Assert.EndsWith("nested too deeply", nested);
        Assert.False(Expression.TryParse(new string('!', 5000) + "true", out _, out var negated));
        Assert.EndsWith("nested too deeply", negated);
        Assert.False(Expression.TryParse(string.Join("+", Enumerable.Repeat("1", 3000)), out _, out var added));
        Assert.EndsWith("nested too deeply", added);
        Assert.False(Expression.TryParse(new string(' ', 9000) + "true", out _, out var lengthy));
        Assert.Equal("longer than 8192 characters", lengthy);
    }

    [Fact]
    public void Nested_macros_over_long_lists_end_in_an_error()
    {
        Assert.True(Expression.TryParse("list.all(a, list.all(b, list.all(c, true)))", out var expression, out _));

        var result = expression!.Evaluate(new Dictionary<string, object?> { ["list"] = Enumerable.Range(0, 1000).Cast<object?>().ToList() });

        Assert.Equal("the lists are too long for this expression", result.Error);
    }

    [Fact]
    public void Half_a_surrogate_pair_in_json_is_an_error_only_where_it_is_read()
    {
        Assert.True(Expression.TryParse("event.good == 1 && event.bad == 'x'", out var expression, out _));

        var result = expression!.Evaluate(new Dictionary<string, object?> { ["event"] = JsonDocument.Parse("""{"\ud800": 0, "bad": "\ud800", "good": 1}""").RootElement });

        Assert.Equal("the text has half a surrogate pair", result.Error);
    }

    [Theory]
    [InlineData(@"^\d+$", "12", true)]
    [InlineData(@"^\d+$", "٣", false)]
    [InlineData(@"^a$", "a\n", false)]
    [InlineData(@"(?m)^a$", "b\na\n", true)]
    [InlineData(@"^[[:alpha:]]+$", "abc", true)]
    [InlineData(@"^[[:alpha:]]+$", "a:c", false)]
    [InlineData(@"^[^[:space:]]$", " ", false)]
    [InlineData(@"^(?P<year>[0-9]{4})-(?P<month>\d\d)$", "2026-07", true)]
    [InlineData(@"^\Qa.b\E$", "a.b", true)]
    [InlineData(@"^\Qa.b\E$", "axb", false)]
    [InlineData(@"^\x{1F600}$", "😀", true)]
    [InlineData(@"^\pL+$", "äb", true)]
    [InlineData(@"^[a-z-[aeiou]]$", "-]", true)]
    [InlineData(@"^[]a]+$", "]a", true)]
    [InlineData("(?i)ORDER", "my order", true)]
    public void Patterns_mean_what_they_mean_in_go(string pattern, string text, bool matches) => Assert.Equal(matches, Re2.IsMatch(text, pattern));

    [Theory]
    [InlineData("(?=a)")]
    [InlineData(@"(a)\1")]
    [InlineData("a{1001}")]
    [InlineData("((((a{1000}){1000}){1000}){1000}){1000}")]
    [InlineData("[")]
    public void Patterns_beyond_go_are_refused(string pattern) => Assert.NotNull(Re2.Check(pattern));

    [Theory]
    [InlineData(1000000.0, "1000000", "1e+06")]
    [InlineData(0.1, "0.1", "0.1")]
    [InlineData(-123.456, "-123.456", "-123.456")]
    [InlineData(1e20, "100000000000000000000", "1e+20")]
    [InlineData(1e21, "1e+21", "1e+21")]
    [InlineData(1.5e-7, "1.5e-7", "1.5e-07")]
    [InlineData(0.00001, "0.00001", "1e-05")]
    [InlineData(5e-324, "5e-324", "5e-324")]
    [InlineData(1.7976931348623157e308, "1.7976931348623157e+308", "1.7976931348623157e+308")]
    [InlineData(0.0, "0", "0")]
    [InlineData(123456789.0, "123456789", "1.23456789e+08")]
    [InlineData(double.PositiveInfinity, "+Inf", "+Inf")]
    public void Floats_are_written_as_go_does(double number, string json, string general) =>
        Assert.Equal((json, general), (GoFloat.Json(number), GoFloat.General(number)));
}
