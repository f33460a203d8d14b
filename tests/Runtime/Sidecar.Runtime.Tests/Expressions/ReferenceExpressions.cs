using FsCheck;
using FsCheck.Fluent;

namespace Sidecar.Runtime.Tests.Expressions;

/// <summary>Expressions together with what they come to, worked out here; null = an error.</summary>
internal static class ReferenceExpressions
{
    public static Gen<(string Text, long? Value)> Numbers { get; } = Gen.OneOf(
            Gen.Choose(-10, 10).Select(number => (long)number), Gen.Elements(0L, 1, -1, 100, int.MaxValue, 3037000500, long.MaxValue, long.MinValue))
        .Select(number => (number < 0 ? $"({number})" : $"{number}", (long?)number));

    /// <param name="leaf">Whatever else stands for an integer.</param>
    public static Gen<(string Text, long? Value)> Integers(Gen<(string Text, long? Value)> leaf, int depth)
    {
        var smallest = Gen.OneOf(leaf, Numbers);
        if (depth == 0)
            return smallest;
        var inner = Integers(leaf, depth - 1);
        return Gen.Frequency(
            (1, smallest),
            (2, from left in inner
                from operation in Gen.Elements('+', '-', '*', '/', '%')
                from right in inner
                select ($"({left.Text} {operation} {right.Text})", Calculated(operation, left.Value, right.Value))),
            (1, inner.Select(operand => ($"-({operand.Text})", operand.Value is long.MinValue ? null : -operand.Value))));
    }

    /// <param name="leaf">Whatever else is true or false.</param>
    public static Gen<(string Text, bool? Value)> Conditions(Gen<(string Text, bool? Value)> leaf, Gen<(string Text, long? Value)> integers, int depth)
    {
        var relation = from left in integers
                       from operation in Gen.Elements("<", "<=", ">", ">=", "==", "!=")
                       from right in integers
                       select ($"{left.Text} {operation} {right.Text}", Ordered(operation, left.Value, right.Value));
        var smallest = Gen.OneOf(leaf, relation, Gen.Elements<(string, bool?)>(("true", true), ("false", false)));
        if (depth == 0)
            return smallest;
        var inner = Conditions(leaf, integers, depth - 1);
        return Gen.Frequency(
            (1, smallest),
            (2, from left in inner from right in inner select ($"({left.Text} && {right.Text})", Decided(left.Value, right.Value, decides: false))),
            (2, from left in inner from right in inner select ($"({left.Text} || {right.Text})", Decided(left.Value, right.Value, decides: true))),
            (1, inner.Select(operand => ($"!({operand.Text})", !operand.Value))),
            (1, from condition in inner
                from whenTrue in inner
                from whenFalse in inner
                select ($"(({condition.Text}) ? {whenTrue.Text} : {whenFalse.Text})", condition.Value is null ? null : condition.Value.Value ? whenTrue.Value : whenFalse.Value)));
    }

    private static long? Calculated(char operation, long? left, long? right)
    {
        if (left is not { } a || right is not { } b || (operation is '/' or '%' && b == 0))
            return null;
        var exact = operation switch
        {
            '+' => (Int128)a + b,
            '-' => (Int128)a - b,
            '*' => (Int128)a * b,
            '/' => (Int128)a / b,
            _ => (Int128)a % b,
        };
        return exact >= long.MinValue && exact <= long.MaxValue ? (long)exact : null;
    }

    private static bool? Ordered(string operation, long? left, long? right) => left is not { } a || right is not { } b ? null : operation switch
    {
        "<" => a < b,
        "<=" => a <= b,
        ">" => a > b,
        ">=" => a >= b,
        "==" => a == b,
        _ => a != b,
    };

    /// <summary>The value that decides does so beside an error too.</summary>
    private static bool? Decided(bool? left, bool? right, bool decides) =>
        left == decides || right == decides ? decides : left is null || right is null ? null : !decides;
}
