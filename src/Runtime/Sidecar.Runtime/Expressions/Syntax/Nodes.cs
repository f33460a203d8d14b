namespace Sidecar.Runtime.Expressions.Syntax;

/// <summary>A part of a parsed expression. Its value may be an <see cref="ExpressionError"/>.</summary>
internal abstract class ExpressionNode(int deepestChild = 0)
{
    /// <summary>Longest way down to a leaf.</summary>
    public int Depth => deepestChild + 1;

    public abstract object? Evaluate(Scope scope);

    protected static int Deepest(IEnumerable<ExpressionNode> nodes) => nodes.Select(node => node.Depth).DefaultIfEmpty().Max();
}

internal sealed class LiteralNode(object? value) : ExpressionNode
{
    public object? Value => value;

    public override object? Evaluate(Scope scope) => value;
}

internal sealed class VariableNode(string name) : ExpressionNode
{
    public string Name => name;

    public override object? Evaluate(Scope scope) => scope.Find(name);
}

internal sealed class SelectNode(ExpressionNode target, string name) : ExpressionNode(target.Depth)
{
    public ExpressionNode Target => target;

    public string Field => name;

    public override object? Evaluate(Scope scope)
    {
        var value = target.Evaluate(scope);
        if (value is ExpressionError)
            return value;
        if (!Values.IsMap(value))
            return ExpressionError.NoOverload($"field '{name}'", value);
        if (!Values.CanLookInto(value, scope))
            return Scope.TooMuchWork;
        if (!Values.TryGet(value, name, out var found))
            return new ExpressionError($"no such key: {name}");
        return scope.TakeText(found) ? found : Scope.TooMuchWork;
    }
}

internal sealed class HasNode(ExpressionNode target, string field) : ExpressionNode(target.Depth)
{
    public override object? Evaluate(Scope scope)
    {
        var value = target.Evaluate(scope);
        if (value is ExpressionError)
            return value;
        if (!Values.IsMap(value))
            return ExpressionError.NoOverload($"has '{field}'", value);
        return Values.CanLookInto(value, scope) ? Values.TryGet(value, field, out _) : Scope.TooMuchWork;
    }
}

internal sealed class IndexNode(ExpressionNode target, ExpressionNode index) : ExpressionNode(Math.Max(target.Depth, index.Depth))
{
    public override object? Evaluate(Scope scope)
    {
        var value = target.Evaluate(scope);
        if (value is ExpressionError)
            return value;
        var key = index.Evaluate(scope);
        if (key is ExpressionError)
            return key;
        if (!Values.CanLookInto(value, scope))
            return Scope.TooMuchWork;
        object? found;
        if (value is not null && Values.IsList(value))
            found = Values.At(value, key);
        else if (!Values.IsMap(value))
            return ExpressionError.NoOverload("[]", value, key);
        else if (!Values.TryGet(value, key, out found))
            return new ExpressionError($"no such key: {key}");
        return scope.TakeText(found) ? found : Scope.TooMuchWork;
    }
}

internal sealed class ListNode(List<ExpressionNode> items) : ExpressionNode(Deepest(items))
{
    public override object? Evaluate(Scope scope)
    {
        var values = new List<object?>(items.Count);
        foreach (var item in items)
        {
            var value = item.Evaluate(scope);
            if (value is ExpressionError)
                return value;
            values.Add(value);
        }

        return values;
    }
}

internal sealed class MapNode(List<(ExpressionNode Key, ExpressionNode Value)> entries)
    : ExpressionNode(Deepest(entries.SelectMany(entry => new[] { entry.Key, entry.Value })))
{
    public override object? Evaluate(Scope scope)
    {
        var map = new ValueMap();
        foreach (var (keyNode, valueNode) in entries)
        {
            var key = keyNode.Evaluate(scope);
            if (key is ExpressionError)
                return key;
            var value = valueNode.Evaluate(scope);
            if (value is ExpressionError)
                return value;
            if (!map.TryAdd(key, value))
                return new ExpressionError($"a map cannot have the key {key ?? "null"}, or has it already");
        }

        return map;
    }
}

internal sealed class CallNode(Func<object?[], object?> function, List<ExpressionNode> arguments) : ExpressionNode(Deepest(arguments))
{
    public override object? Evaluate(Scope scope)
    {
        var values = new object?[arguments.Count];
        for (var index = 0; index < values.Length; index++)
        {
            values[index] = arguments[index].Evaluate(scope);
            if (values[index] is ExpressionError)
                return values[index];
            if (!scope.TakeText(values[index]))
                return Scope.TooMuchWork;
        }

        return function(values);
    }
}
