using System.Globalization;

namespace Sidecar.Runtime.Expressions;

/// <summary>Functions by name and number of arguments; the target of a method call is its first argument.</summary>
internal static class Functions
{
    private static readonly Dictionary<(string Name, int Arguments), Func<object?[], object?>> Methods = new()
    {
        [("contains", 2)] = Texts("contains", static (text, part) => text.Contains(part, StringComparison.Ordinal)),
        [("startsWith", 2)] = Texts("startsWith", static (text, part) => text.StartsWith(part, StringComparison.Ordinal)),
        [("endsWith", 2)] = Texts("endsWith", static (text, part) => text.EndsWith(part, StringComparison.Ordinal)),
        [("matches", 2)] = Texts("matches", Re2.IsMatch),
        [("size", 1)] = static arguments => Size(arguments[0]),
    };

    private static readonly Dictionary<(string Name, int Arguments), Func<object?[], object?>> Globals = new()
    {
        [("size", 1)] = static arguments => Size(arguments[0]),
        [("matches", 2)] = Methods[("matches", 2)],
        [("int", 1)] = static arguments => ToInt(arguments[0]),
        [("uint", 1)] = static arguments => ToUint(arguments[0]),
        [("double", 1)] = static arguments => ToDouble(arguments[0]),
        [("string", 1)] = static arguments => ToText(arguments[0]),
        [("bool", 1)] = static arguments => ToBool(arguments[0]),
        [("dyn", 1)] = static arguments => arguments[0],
    };

    public static Func<object?[], object?>? Find(string name, int arguments, bool isMethod) =>
        (isMethod ? Methods : Globals).GetValueOrDefault((name, arguments));

    private static Func<object?[], object?> Texts(string name, Func<string, string, object> function) => arguments =>
        arguments is [string text, string other] ? function(text, other) : ExpressionError.NoOverload(name, arguments);

    private static Func<object?[], object?> Texts(string name, Func<string, string, bool> function) => arguments =>
        arguments is [string text, string other] ? function(text, other) : ExpressionError.NoOverload(name, arguments);

    /// <summary>Code points of a text, elements of a list, entries of a map.</summary>
    private static object Size(object? value) => value switch
    {
        string text => (long)text.EnumerateRunes().Count(),
        _ => Values.Count(value) is { } count ? count : ExpressionError.NoOverload("size", value),
    };

    private static object ToInt(object? value) => value switch
    {
        long => value,
        ulong number when number <= long.MaxValue => (long)number,
        double number when Numbers.Truncate(number) is { } whole => whole,
        string text when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        _ => NotConvertible("int", value),
    };

    private static object ToUint(object? value) => value switch
    {
        ulong => value,
        long number and >= 0 => (ulong)number,
        double number when Numbers.TruncateUnsigned(number) is { } whole => whole,
        string text when ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        _ => NotConvertible("uint", value),
    };

    private static object ToDouble(object? value) => value switch
    {
        double => value,
        long number => (double)number,
        ulong number => (double)number,
        string text when double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number) => number,
        _ => NotConvertible("double", value),
    };

    private static object ToText(object? value) => value switch
    {
        string => value,
        bool flag => flag ? "true" : "false",
        long number => number.ToString(CultureInfo.InvariantCulture),
        ulong number => number.ToString(CultureInfo.InvariantCulture),
        double number => GoFloat.General(number),
        _ => NotConvertible("string", value),
    };

    private static object ToBool(object? value) => value switch
    {
        bool => value,
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => NotConvertible("bool", value),
    };

    private static ExpressionError NotConvertible(string type, object? value) => Numbers.IsNumber(value) || value is string
        ? new ExpressionError($"{type}() cannot convert {Shortened(value)}")
        : ExpressionError.NoOverload(type, value);

    private static string Shortened(object? value)
    {
        var text = value as string is { } quoted ? $"'{quoted}'" : (string)ToText(value);
        return text.Length > 60 ? string.Concat(text.AsSpan(0, 60), "…") : text;
    }
}
