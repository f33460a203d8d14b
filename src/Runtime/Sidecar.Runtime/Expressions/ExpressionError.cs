namespace Sidecar.Runtime.Expressions;

/// <summary>An error is a value while an expression is evaluated, because <c>&amp;&amp;</c> and <c>||</c> can absorb it.</summary>
internal sealed record ExpressionError(string Message)
{
    public static ExpressionError NoOverload(string operation, params ReadOnlySpan<object?> operands)
    {
        var types = new List<string>();
        foreach (var operand in operands)
            types.Add(Values.TypeName(operand));
        return new ExpressionError($"no such overload: {operation} for {string.Join(" and ", types)}");
    }
}
