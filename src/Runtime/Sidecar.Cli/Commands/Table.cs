namespace Sidecar.Cli.Commands;

/// <summary>Rows of text in columns.</summary>
internal static class Table
{
    /// <param name="rows">The first is the header; all have as many cells.</param>
    public static void Write(TextWriter console, IReadOnlyList<string[]> rows)
    {
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
            console.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }
}
