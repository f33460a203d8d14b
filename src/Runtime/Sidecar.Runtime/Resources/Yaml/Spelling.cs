namespace Sidecar.Runtime.Resources.Yaml;

/// <summary>Finds what a misspelt name was meant to be.</summary>
public static class Spelling
{
    private const int MaxDistance = 2;
    private const int LongestName = 64;

    /// <summary><c>; did you mean 'x'?</c>, or nothing when no known name is near.</summary>
    public static string Hint(string name, IEnumerable<string> known) => Nearest(name, known) is { } nearest ? $"; did you mean '{nearest}'?" : "";

    /// <summary>The nearest known name within two edits that are fewer than its letters, not counting case.</summary>
    public static string? Nearest(string name, IEnumerable<string> known)
    {
        if (name.Length > LongestName)
            return null;
        return known
            .Select(candidate => (candidate, Distance: Distance(name.ToLowerInvariant(), candidate.ToLowerInvariant())))
            .Where(pair => pair.Distance <= MaxDistance && pair.Distance < Math.Min(pair.candidate.Length, name.Length))
            .OrderBy(pair => pair.Distance)
            .ThenBy(pair => pair.candidate, StringComparer.Ordinal)
            .Select(pair => pair.candidate)
            .FirstOrDefault();
    }

    /// <summary>Edits from one text to the other; swapping two neighbours is one edit.</summary>
    private static int Distance(string left, string right)
    {
        var table = new int[left.Length + 1, right.Length + 1];
        for (var row = 0; row <= left.Length; row++)
            table[row, 0] = row;
        for (var column = 0; column <= right.Length; column++)
            table[0, column] = column;
        for (var row = 1; row <= left.Length; row++)
        {
            for (var column = 1; column <= right.Length; column++)
            {
                var cost = left[row - 1] == right[column - 1] ? 0 : 1;
                var best = Math.Min(Math.Min(table[row - 1, column], table[row, column - 1]) + 1, table[row - 1, column - 1] + cost);
                var swapped = row > 1 && column > 1 && left[row - 1] == right[column - 2] && left[row - 2] == right[column - 1];
                table[row, column] = swapped ? Math.Min(best, table[row - 2, column - 2] + 1) : best;
            }
        }

        return table[left.Length, right.Length];
    }
}
