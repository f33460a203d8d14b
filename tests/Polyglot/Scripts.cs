using System.Text.RegularExpressions;
using TestSupport;

namespace Polyglot;

/// <summary>The Node scripts, and the checks that their sources name.</summary>
internal static partial class Scripts
{
    private static readonly string Folder = RepositoryRoot.Combine("tests", "Polyglot", "Node");

    public static string Path(string script) => System.IO.Path.Combine(Folder, script);

    /// <summary>A row of protocol and check for each that the script and its parts (<c>NAME-*.cjs</c>) have for the protocols.</summary>
    public static TheoryData<string, string> Checks(string name, params string[] protocols)
    {
        var rows = new TheoryData<string, string>();
        foreach (var protocol in protocols)
        {
            foreach (var check in Named(name, protocol))
                rows.Add(protocol, check);
        }

        return rows;
    }

    public static IReadOnlyList<string> Named(string name, string protocol) =>
    [
        .. Sources(name)
            .SelectMany(source => Check().Matches(source))
            .Where(match => match.Groups["protocols"].Value is var protocols && (protocols == protocol || protocols == "both"))
            .Select(match => match.Groups["name"].Value),
    ];

    /// <summary>The texts of a script and of its parts.</summary>
    public static IEnumerable<string> Sources(string name) => Directory.GetFiles(Folder, $"{name}*.cjs").Order(StringComparer.Ordinal).Select(File.ReadAllText);

    [GeneratedRegex("^check\\((?<protocols>\\w+), '(?<name>[^']+)',", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Check();
}
