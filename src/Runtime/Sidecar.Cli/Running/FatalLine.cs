using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sidecar.Cli.Running;

/// <summary>The line of its log with which a <c>daprd</c> tells why it ends.</summary>
internal static partial class FatalLine
{
    /// <summary>The last reason in these lines, without the wording around it; null when there is none.</summary>
    public static string? ReasonIn(IEnumerable<string> lines) => lines
        .Select(line => Pattern.Match(line))
        .LastOrDefault(match => match.Success) is { } fatal
            ? JsonSerializer.Deserialize<string>($"\"{fatal.Groups["reason"].Value}\"")
            : null;

    // The message is quoted as JSON quotes it.
    [GeneratedRegex("""level=fatal msg="Fatal error from runtime: (?<reason>([^"\\]|\\.)*)" """, RegexOptions.CultureInvariant)]
    private static partial Regex Pattern { get; }
}
