namespace Sidecar.Runtime.Expressions;

/// <summary>Arithmetic and order of numbers; int, uint and double compare with each other by their mathematical value.</summary>
internal static class Numbers
{
    private const double TwoTo63 = 9223372036854775808.0;
    private const double TwoTo64 = 18446744073709551616.0;

    public static bool IsNumber(object? value) => value is long or ulong or double;

    /// <summary>The value as int when it is one exactly.</summary>
    public static long? AsInteger(object? value) => value switch
    {
        long number => number,
        ulong number when number <= long.MaxValue => (long)number,
        double number when number >= -TwoTo63 && number < TwoTo63 && Math.Floor(number) == number => (long)number,
        _ => null,
    };

    /// <summary>Truncates towards zero; null when out of range.</summary>
    public static long? Truncate(double number) => number > -TwoTo63 - 1 && number < TwoTo63 ? (long)number : null;

    public static ulong? TruncateUnsigned(double number) => number > -1 && number < TwoTo64 ? (ulong)number : null;

    /// <summary>Negative, zero or positive; null when one is not a number at all (NaN).</summary>
    public static int? Compare(object left, object right) => (left, right) switch
    {
        (long a, long b) => a.CompareTo(b),
        (ulong a, ulong b) => a.CompareTo(b),
        (long a, ulong b) => a < 0 ? -1 : ((ulong)a).CompareTo(b),
        (ulong, long) => -Compare(right, left),
        (double a, double b) => double.IsNaN(a) || double.IsNaN(b) ? null : a.CompareTo(b),
        (double a, _) => CompareDouble(a, right),
        (_, double b) => -CompareDouble(b, left),
        _ => null,
    };

    /// <summary>Exact also where a double cannot tell neighbouring integers apart.</summary>
    private static int? CompareDouble(double left, object right)
    {
        if (double.IsNaN(left))
            return null;
        if (left >= TwoTo64)
            return 1;
        if (left < -TwoTo63)
            return -1;
        var floor = Math.Floor(left);
        object whole = floor < TwoTo63 ? (long)floor : (ulong)floor;
        var order = Compare(whole, right);
        return order == 0 && left > floor ? 1 : order;
    }

    /// <summary>The result of <c>+ - * / %</c> on two numbers of one type, an error, or null when the types do not fit.</summary>
    public static object? Calculate(char operation, object? left, object? right)
    {
        try
        {
            return (left, right) switch
            {
                (long a, long b) => Integers(operation, a, b),
                (ulong a, ulong b) => Unsigned(operation, a, b),
                (double a, double b) => Doubles(operation, a, b),
                _ => null,
            };
        }
        catch (OverflowException)
        {
            return new ExpressionError($"integer overflow in {operation}");
        }
    }

    public static object? Negate(object? operand) => operand switch
    {
        long.MinValue => new ExpressionError("integer overflow in -"),
        long number => -number,
        double number => -number,
        _ => ExpressionError.NoOverload("-", operand),
    };

    private static object Integers(char operation, long left, long right) => operation switch
    {
        '+' => checked(left + right),
        '-' => checked(left - right),
        '*' => checked(left * right),
        _ when right == 0 => DividedByZero,
        '/' => checked(left / right),
        // The machine faults on this one remainder although it is zero.
        _ => right == -1 ? 0L : left % right,
    };

    private static object Unsigned(char operation, ulong left, ulong right) => operation switch
    {
        '+' => checked(left + right),
        '-' => checked(left - right),
        '*' => checked(left * right),
        _ when right == 0 => DividedByZero,
        '/' => left / right,
        _ => left % right,
    };

    private static object? Doubles(char operation, double left, double right) => operation switch
    {
        '+' => left + right,
        '-' => left - right,
        '*' => left * right,
        '/' => left / right,
        _ => null,
    };

    private static ExpressionError DividedByZero { get; } = new("division by zero");
}
