using System.Text.Json;
using Sidecar.Runtime.Expressions;

namespace Sidecar.Runtime.Tests.Expressions;

/// <summary>What a rule may cost: one of a few words over one event must neither fill the memory nor take hours nor end the process.</summary>
public sealed class EvaluationLimitTests
{
    private const string TooLarge = "what it looks at is too large for this expression";

    [Theory]
    [InlineData("['abcdefgh']", "x + x", 40)]
    [InlineData("[[1, 2, 3]]", "x + x", 40)]
    [InlineData("[[1, 2, 3]]", "[x, x]", 60)]
    public void Texts_and_lists_that_double_are_given_up(string start, string step, int times)
    {
        var grown = $"{start}{string.Concat(Enumerable.Repeat($".map(x, {step})", times))}";

        Assert.Equal(TooLarge, Evaluate($"{grown} == {grown}", "{}").Error);
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{\"a\":", "}")]
    public void Values_of_ten_thousand_levels_are_not_compared(string open, string close)
    {
        var nested = $"{string.Concat(Enumerable.Repeat(open, 9_990))}1{string.Concat(Enumerable.Repeat(close, 9_990))}";
        var cloudEvent = $$"""{"a":{{nested}},"b":{{nested}}}""";

        Assert.Equal(TooLarge, Evaluate("event.a == event.b", cloudEvent).Error);
        Assert.Equal(TooLarge, Evaluate("event.a != event.b", cloudEvent).Error);
        Assert.Equal(TooLarge, Evaluate("event.a in [event.b]", cloudEvent).Error);
    }

    [Theory]
    [InlineData("event.list.all(x, x in event.list)")]
    [InlineData("event.list.all(x, has(event.map.k0))")]
    [InlineData("event.list.all(x, event.map['k0'] == 0)")]
    [InlineData("event.list.all(x, !(x in event.map))")]
    [InlineData("event.list.all(x, event.map == event.map)")]
    [InlineData("event.list.all(x, !event.text.contains('b'))")]
    [InlineData("event.list.all(x, !event.text.matches('a+b'))")]
    [InlineData("event.list.all(x, size(event.text) > 1)")]
    [InlineData("event.list.all(x, event.text != 'b')")]
    [InlineData("event.list.all(x, event['text'] != 'b')")]
    [InlineData("event.list.all(x, [event.text] != ['b'])")]
    public void Each_member_of_a_long_list_against_all_of_another_is_given_up(string rule)
    {
        var list = string.Join(',', Enumerable.Range(0, 90_000));
        var map = string.Join(',', Enumerable.Range(0, 90_000).Select(number => $"\"k{number}\":{number}"));

        Assert.Equal(TooLarge, Evaluate(rule, $$$"""{"list":[{{{list}}}],"map":{{{{map}}}},"text":"{{{new string('a', 1_000_000)}}}"}""").Error);
    }

    [Fact]
    public void A_large_event_is_looked_at_once_without_a_limit()
    {
        var list = string.Join(',', Enumerable.Range(0, 500_000));
        var cloudEvent = $$"""{"list":[{{list}}],"text":"{{new string('a', 3_000_000)}}"}""";

        Assert.True(Evaluate("499999 in event.list && event.list == event.list && (event.text + 'b').endsWith('ab') && size(event.text) == 3000000", cloudEvent).Bool);
    }

    private static EvaluationResult Evaluate(string text, string cloudEvent)
    {
        using var document = JsonDocument.Parse(cloudEvent, new JsonDocumentOptions { MaxDepth = 10_000 });
        Assert.True(Expression.TryParse(text, out var expression, out var error), error);
        return expression!.Evaluate(new Dictionary<string, object?> { ["event"] = document.RootElement });
    }
}
