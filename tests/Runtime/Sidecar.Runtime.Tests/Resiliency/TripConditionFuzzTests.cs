using FsCheck;
using FsCheck.Fluent;
using Sidecar.Runtime.Resiliency;
using Sidecar.Runtime.Tests.Expressions;
using TestSupport;

namespace Sidecar.Runtime.Tests.Resiliency;

/// <summary>Whatever the trip of a breaker says: it holds when it is true of the counts, and never otherwise.</summary>
public sealed class TripConditionFuzzTests
{
    private static readonly string[] Names = ["requests", "totalSuccesses", "totalFailures", "consecutiveSuccesses", "consecutiveFailures"];

    private static readonly Gen<BreakerCounts> Counts =
        from values in Gen.Frequency((5, Gen.Choose(0, 20)), (1, Gen.Elements(0, int.MaxValue, -1))).ArrayOf(Names.Length)
        select new BreakerCounts(values[0], values[1], values[2], values[3], values[4]);

    [Fact]
    public void A_condition_holds_exactly_when_it_is_true_of_the_counts() => Fuzz.Check(
        from counts in Counts
        from condition in ReferenceExpressions.Conditions(Gen.Elements<(string, bool?)>(("absent > 1", null), ("requests", null)), ReferenceExpressions.Integers(Known(counts), 2), 3)
        select (counts, condition.Text, condition.Value),
        input => TripCondition.Parse(input.Text)!.Holds(input.counts) == (input.Value == true));

    [Fact]
    public void A_condition_with_wounds_is_none_or_holds_or_not() => Fuzz.Check(
        from counts in Counts
        from text in Wounds.Of(
            ReferenceExpressions.Conditions(Gen.Elements<(string, bool?)>(("true", true)), ReferenceExpressions.Integers(Known(counts), 2), 2).Select(condition => condition.Text),
            [.. Names, "(", ")", ">", "=", "&&", "||", "!", " ", "'", "\"", ".", "[", "]", "{", "0", "1.5", "9223372036854775808", "in", "size(", "matches(", "?", ":", "//", "\n", "\ud800", "é"])
        select (counts, text),
        input =>
        {
            var condition = TripCondition.Parse(input.text);
            condition?.Holds(input.counts);
            return condition is null || condition.Text == input.text;
        });

    private static Gen<(string Text, long? Value)> Known(BreakerCounts counts) => Gen.Elements<(string, long?)>(
        (Names[0], counts.Requests), (Names[1], counts.TotalSuccesses), (Names[2], counts.TotalFailures), (Names[3], counts.ConsecutiveSuccesses), (Names[4], counts.ConsecutiveFailures));
}
