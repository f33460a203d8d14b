namespace Sidecar.Runtime.Expressions.Syntax;

/// <summary>
/// A chain of <c>||</c> (decided by true) or <c>&amp;&amp;</c> (decided by false): the deciding value wins over errors on
/// either side of it; without one the first error is the result.
/// </summary>
internal sealed class LogicNode(List<ExpressionNode> operands, bool decides) : ExpressionNode(Deepest(operands))
{
    public override object? Evaluate(Scope scope)
    {
        object? error = null;
        foreach (var operand in operands)
        {
            var value = operand.Evaluate(scope);
            if (value is bool flag)
            {
                if (flag == decides)
                    return decides;
            }
            else
            {
                error ??= value as ExpressionError ?? ExpressionError.NoOverload(decides ? "||" : "&&", value);
            }
        }

        return error ?? !decides;
    }
}

internal sealed class ConditionalNode(ExpressionNode condition, ExpressionNode whenTrue, ExpressionNode whenFalse)
    : ExpressionNode(Math.Max(condition.Depth, Math.Max(whenTrue.Depth, whenFalse.Depth)))
{
    public override object? Evaluate(Scope scope) => condition.Evaluate(scope) switch
    {
        true => whenTrue.Evaluate(scope),
        false => whenFalse.Evaluate(scope),
        ExpressionError error => error,
        var value => ExpressionError.NoOverload("?:", value),
    };
}

internal sealed class RelationNode(string operation, ExpressionNode left, ExpressionNode right) : ExpressionNode(Math.Max(left.Depth, right.Depth))
{
    public override object? Evaluate(Scope scope)
    {
        var first = left.Evaluate(scope);
        if (first is ExpressionError)
            return first;
        var second = right.Evaluate(scope);
        if (second is ExpressionError)
            return second;
        return operation switch
        {
            "==" => Operations.AreEqual(first, second, scope) ?? (object)Scope.TooMuchWork,
            "!=" => !Operations.AreEqual(first, second, scope) ?? (object)Scope.TooMuchWork,
            "in" => Operations.IsIn(first, second, scope),
            _ => Operations.Order(operation, first, second),
        };
    }
}

internal sealed class ArithmeticNode(char operation, ExpressionNode left, ExpressionNode right) : ExpressionNode(Math.Max(left.Depth, right.Depth))
{
    public override object? Evaluate(Scope scope)
    {
        var first = left.Evaluate(scope);
        if (first is ExpressionError)
            return first;
        var second = right.Evaluate(scope);
        return second is ExpressionError ? second : Operations.Calculate(operation, first, second, scope);
    }
}

internal sealed class UnaryNode(char operation, ExpressionNode operand) : ExpressionNode(operand.Depth)
{
    public override object? Evaluate(Scope scope) => (operation, operand.Evaluate(scope)) switch
    {
        (_, ExpressionError error) => error,
        ('!', bool flag) => !flag,
        ('!', var value) => ExpressionError.NoOverload("!", value),
        (_, var value) => Numbers.Negate(value),
    };
}
