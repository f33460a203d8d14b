namespace Polyglot;

/// <summary>What a script said of its checks, and what the sidecars logged meanwhile.</summary>
public sealed class Outcome(int exitCode, string output, string logs)
{
    private const string Passed = "ok ";
    private const string Failed = "not ok ";

    private readonly string[] _lines = output.Split('\n');

    /// <summary>The names of all checks that were played.</summary>
    public IEnumerable<string> Played => _lines.Select(NameOf).OfType<string>();

    /// <summary>Fails with the reason that the script gave, or with all that it wrote if it did not come to the check.</summary>
    public void Holds(string check)
    {
        if (_lines.Contains(Passed + check))
            return;
        var reason = _lines.FirstOrDefault(line => line.StartsWith($"{Failed}{check}: ", StringComparison.Ordinal)) ?? $"'{check}' was not played; the script ended with {exitCode}:\n{output}";
        Assert.Fail($"{reason}\n{logs}");
    }

    private static string? NameOf(string line)
    {
        if (line.StartsWith(Passed, StringComparison.Ordinal))
            return line[Passed.Length..];

        // Names have one colon inside, after the first word.
        return line.StartsWith(Failed, StringComparison.Ordinal) ? string.Join(": ", line[Failed.Length..].Split(": ").Take(2)) : null;
    }
}
