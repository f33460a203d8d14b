using System.Globalization;

namespace Sidecar.Components.Scheduling;

/// <summary>
/// The values that one field of a schedule names.
/// <code>
/// field = item *( "," item )
/// item  = ( "*" / "?" / value [ "-" value ] ) [ "/" step ]     a value with a step and no second value goes to the end
/// value = number / name                                        names of months and days: jan, mon
/// </code>
/// </summary>
/// <param name="Values">A bit for each.</param>
/// <param name="IsStar">It names all values, and so leaves the choice of days to the other field of days.</param>
internal readonly record struct CronField(ulong Values, bool IsStar)
{
    /// <summary>In the order of a schedule with seconds.</summary>
    public static IReadOnlyList<CronRange> Ranges { get; } =
    [
        new("second", 0, 59),
        new("minute", 0, 59),
        new("hour", 0, 23),
        new("day of month", 1, 31),
        new("month", 1, 12) { Names = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"] },
        new("day of week", 0, 6) { Names = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
    ];

    public bool Has(int value) => (Values >> value & 1) != 0;

    public static bool TryParse(string text, CronRange range, out CronField field, out string? problem)
    {
        field = default;
        problem = null;
        foreach (var item in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!TryParseItem(item, range, out var values, out var isStar))
            {
                problem = $"'{item}' is no {range.Name}; expected {range}";
                return false;
            }

            field = new CronField(field.Values | values, field.IsStar || isStar);
        }

        if (field.Values == 0)
            problem = $"'{text}' names no {range.Name}";
        return problem is null;
    }

    private static bool TryParseItem(string item, CronRange range, out ulong values, out bool isStar)
    {
        (values, isStar) = (0, false);
        var (first, last, step) = (range.First, range.Last, 1);
        var parts = item.Split('/');
        if (parts.Length > 2 || (parts.Length == 2 && (!TryParseNumber(parts[1], out step) || step == 0)))
            return false;
        if (parts[0] is "*" or "?")
            isStar = step == 1;
        else if (!TryParseSpan(parts[0], range, isOpen: parts.Length == 2, out first, out last))
            return false;

        // Counted as long, because a step may be as large as it likes.
        for (long value = first; value <= last; value += step)
            values |= 1UL << (int)value;
        return true;
    }

    private static bool TryParseSpan(string text, CronRange range, bool isOpen, out int first, out int last)
    {
        last = range.Last;
        var ends = text.Split('-');
        if (!TryParseValue(ends[0], range, out first) || ends.Length > 2)
            return false;
        if (ends.Length == 1)
            last = isOpen ? range.Last : first;
        else if (!TryParseValue(ends[1], range, out last))
            return false;
        return first >= range.First && last <= range.Last && first <= last;
    }

    private static bool TryParseValue(string text, CronRange range, out int value)
    {
        var name = range.Names.FindIndex(known => known.Equals(text, StringComparison.OrdinalIgnoreCase));
        if (name < 0)
            return TryParseNumber(text, out value);
        value = range.First + name;
        return true;
    }

    private static bool TryParseNumber(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}

/// <summary>What a field may name.</summary>
internal sealed record CronRange(string Name, int First, int Last)
{
    public List<string> Names { get; init; } = [];

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{First} to {Last}{(Names.Count > 0 ? $" or {Names[0]} to {Names[^1]}" : "")}, ranges such as {First}-{First + 3}, steps such as */5, or a list of these");
}
