namespace Sidecar.Runtime.Expressions.Syntax;

internal enum Macro
{
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

/// <summary><c>list.exists(x, condition)</c> and its siblings, over the elements of a list or the keys of a map.</summary>
internal sealed class MacroNode(Macro macro, ExpressionNode target, string variable, ExpressionNode? condition, ExpressionNode body)
    : ExpressionNode(Math.Max(target.Depth, Math.Max(condition?.Depth ?? 0, body.Depth)))
{
    /// <summary>null when it is a call of a method and not a macro.</summary>
    public static MacroNode? TryCreate(ExpressionNode target, Token name, List<ExpressionNode> arguments)
    {
        Macro? macro = name.Text switch
        {
            "all" => Macro.All,
            "exists" => Macro.Exists,
            "exists_one" or "existsOne" => Macro.ExistsOne,
            "filter" => Macro.Filter,
            "map" => Macro.Map,
            _ => null,
        };
        if (macro is null)
            return null;
        return arguments switch
        {
            [VariableNode variable, var body] => new MacroNode(macro.Value, target, variable.Name, null, body),
            [VariableNode variable, var condition, var body] when macro == Macro.Map => new MacroNode(Macro.Map, target, variable.Name, condition, body),
            _ => throw new ExpressionSyntaxException(name.Column, $"{name.Text}() takes a name and an expression, as in {name.Text}(x, x.price > 10.0)"),
        };
    }

    public override object? Evaluate(Scope scope)
    {
        var range = target.Evaluate(scope);
        if (range is ExpressionError)
            return range;
        if ((Values.Elements(range) ?? Values.Keys(range)) is not { } elements)
            return ExpressionError.NoOverload("a list macro", range);
        return macro is Macro.All or Macro.Exists ? Decide(elements, scope, decides: macro == Macro.Exists) : Collect(elements, scope);
    }

    /// <summary>As a chain of <c>||</c> or <c>&amp;&amp;</c> over the elements, errors absorbed likewise.</summary>
    private object Decide(IEnumerable<object?> elements, Scope scope, bool decides)
    {
        var inner = scope.Inner(variable);
        ExpressionError? error = null;
        foreach (var element in elements)
        {
            if (!scope.TakeStep())
                return TooManySteps;
            if (!scope.TakeText(element))
                return Scope.TooMuchWork;
            inner.Element = element;
            var value = body.Evaluate(inner);
            if (value is bool flag && flag == decides)
                return decides;
            if (value is not bool)
                error ??= value as ExpressionError ?? ExpressionError.NoOverload("a list macro", value);
        }

        return error is null ? !decides : error;
    }

    private object Collect(IEnumerable<object?> elements, Scope scope)
    {
        var inner = scope.Inner(variable);
        var kept = new List<object?>();
        foreach (var element in elements)
        {
            if (!scope.TakeStep())
                return TooManySteps;
            if (!scope.TakeText(element))
                return Scope.TooMuchWork;
            inner.Element = element;
            var decision = macro == Macro.Map ? condition?.Evaluate(inner) ?? true : body.Evaluate(inner);
            if (decision is not bool flag)
                return decision as ExpressionError ?? ExpressionError.NoOverload("a list macro", decision);
            if (!flag)
                continue;
            var value = macro == Macro.Map ? body.Evaluate(inner) : element;
            if (value is ExpressionError error)
                return error;
            kept.Add(value);
        }

        return macro == Macro.ExistsOne ? kept.Count == 1 : kept;
    }

    private static ExpressionError TooManySteps { get; } = new("the lists are too long for this expression");
}
