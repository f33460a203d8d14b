namespace Sidecar.Runtime.Expressions;

/// <summary>Equality, order, membership and arithmetic of values.</summary>
internal static class Operations
{
    // An event may nest ten thousand levels deep, for which no stack is large enough.
    private const int MaxDepth = 1000;

    /// <summary>null when the values are too large or too deep to compare.</summary>
    public static bool? AreEqual(object? left, object? right, Scope scope, int depth = 0)
    {
        if (left is null || right is null)
            return left is null && right is null;
        if (depth > MaxDepth || !scope.TakeWork(1) || !scope.TakeText(left))
            return null;
        if (Numbers.IsNumber(left) && Numbers.IsNumber(right))
            return Numbers.Compare(left, right) == 0;
        if (Values.IsList(left))
            return Values.IsList(right) ? AreEqualLists(left, right, scope, depth) : false;
        if (Values.IsMap(left))
            return Values.IsMap(right) ? AreEqualMaps(left, right, scope, depth) : false;
        return left.Equals(right);
    }

    private static bool? AreEqualLists(object left, object right, Scope scope, int depth)
    {
        if (Values.Count(left) != Values.Count(right))
            return false;
        foreach (var (mine, other) in Values.Elements(left)!.Zip(Values.Elements(right)!))
        {
            if (AreEqual(mine, other, scope, depth + 1) is not true and var answer)
                return answer;
        }

        return true;
    }

    private static bool? AreEqualMaps(object left, object right, Scope scope, int depth)
    {
        var count = Values.Count(left);
        if (count != Values.Count(right))
            return false;
        foreach (var key in Values.Keys(left)!)
        {
            if (!Values.CanLookInto(left, scope) || !Values.CanLookInto(right, scope))
                return null;
            if (!Values.TryGet(left, key, out var mine) || !Values.TryGet(right, key, out var other))
                return false;
            if (AreEqual(mine, other, scope, depth + 1) is not true and var answer)
                return answer;
        }

        return true;
    }

    /// <summary>The result of <c>&lt; &lt;= &gt; &gt;=</c>.</summary>
    public static object Order(string operation, object? left, object? right)
    {
        int? order;
        if (left is not null && right is not null && Numbers.IsNumber(left) && Numbers.IsNumber(right))
            order = Numbers.Compare(left, right);
        else if (left is string text && right is string other)
            order = CompareText(text, other);
        else if (left is bool flag && right is bool otherFlag)
            order = flag.CompareTo(otherFlag);
        else
            return ExpressionError.NoOverload(operation, left, right);
        return operation switch
        {
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order >= 0,
        };
    }

    /// <summary>By code point, as Go compares the UTF-8 bytes; UTF-16 puts the astral planes before U+E000.</summary>
    private static int CompareText(string left, string right)
    {
        var length = Math.Min(left.Length, right.Length);
        for (var index = 0; index < length; index++)
        {
            var (a, b) = (left[index], right[index]);
            if (a != b)
                return char.IsSurrogate(a) == char.IsSurrogate(b) ? a.CompareTo(b) : char.IsSurrogate(a) ? 1 : -1;
        }

        return left.Length.CompareTo(right.Length);
    }

    public static object IsIn(object? item, object? container, Scope scope)
    {
        if (Values.IsMap(container))
            return Values.CanLookInto(container, scope) ? Values.TryGet(container, item, out _) : Scope.TooMuchWork;
        if (Values.Elements(container) is not { } elements)
            return ExpressionError.NoOverload("in", item, container);
        foreach (var element in elements)
        {
            if (AreEqual(item, element, scope) is not false and var answer)
                return answer ?? (object)Scope.TooMuchWork;
        }

        return false;
    }

    public static object? Calculate(char operation, object? left, object? right, Scope scope) => (operation, left, right) switch
    {
        ('+', string a, string b) => scope.TakeWork(a.Length + (long)b.Length) ? string.Concat(a, b) : Scope.TooMuchWork,
        ('+', _, _) when Values.IsList(left) && Values.IsList(right) =>
            scope.TakeWork(Values.Count(left)!.Value + Values.Count(right)!.Value) ? Values.Elements(left)!.Concat(Values.Elements(right)!).ToList() : Scope.TooMuchWork,
        _ => Numbers.Calculate(operation, left, right) ?? ExpressionError.NoOverload(operation.ToString(), left, right),
    };
}
