namespace Sidecar.Runtime.Expressions;

/// <summary>Equality, order, membership and arithmetic of values.</summary>
internal static class Operations
{
    public static bool AreEqual(object? left, object? right)
    {
        if (left is null || right is null)
            return left is null && right is null;
        if (Numbers.IsNumber(left) && Numbers.IsNumber(right))
            return Numbers.Compare(left, right) == 0;
        if (Values.Elements(left) is { } elements)
            return Values.IsList(right) && Values.Count(left) == Values.Count(right) && elements.Zip(Values.Elements(right)!, AreEqual).All(equal => equal);
        if (Values.IsMap(left))
            return Values.IsMap(right) && AreEqualMaps(left, right);
        return left.Equals(right);
    }

    private static bool AreEqualMaps(object left, object right) =>
        Values.Count(left) == Values.Count(right) &&
        Values.Keys(left)!.All(key => Values.TryGet(left, key, out var mine) && Values.TryGet(right, key, out var other) && AreEqual(mine, other));

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

    public static object IsIn(object? item, object? container)
    {
        if (Values.Elements(container) is { } elements)
            return elements.Any(element => AreEqual(item, element));
        return Values.IsMap(container) ? Values.TryGet(container, item, out _) : ExpressionError.NoOverload("in", item, container);
    }

    public static object? Calculate(char operation, object? left, object? right) => (operation, left, right) switch
    {
        ('+', string a, string b) => string.Concat(a, b),
        ('+', _, _) when Values.IsList(left) && Values.IsList(right) => Values.Elements(left)!.Concat(Values.Elements(right)!).ToList(),
        _ => Numbers.Calculate(operation, left, right) ?? ExpressionError.NoOverload(operation.ToString(), left, right),
    };
}
