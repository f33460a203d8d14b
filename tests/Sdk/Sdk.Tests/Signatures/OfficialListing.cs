using System.Text.RegularExpressions;

namespace Sdk.Tests.Signatures;

/// <summary>A type of the official SDK: its header without the constructor, and its members.</summary>
internal sealed record OfficialType(string Header, HashSet<string> Members)
{
    public bool ListsConstructors => Members.Any(member => Regex.IsMatch(member, @"^(protected )?\w+\("));
}

/// <summary>Reads the checked-in listing of official signatures, in the form that <see cref="CSharpWriter"/> writes.</summary>
internal static partial class OfficialListing
{
    public static Dictionary<string, OfficialType> Load()
    {
        using var stream = typeof(OfficialListing).Assembly.GetManifestResourceStream("official-signatures.txt")!;
        using var reader = new StreamReader(stream);
        return Parse(reader.ReadToEnd().Split('\n'));
    }

    /// <summary>Types by full name with their generic parameters, such as <c>Dapr.CloudEvent&lt;TData&gt;</c>.</summary>
    public static Dictionary<string, OfficialType> Parse(IEnumerable<string> lines)
    {
        var types = new Dictionary<string, OfficialType>();
        var space = "";
        OfficialType? current = null;
        foreach (var line in lines.Select(line => line.TrimEnd()).Where(line => line.Length > 0 && line[0] != '#' && !line.StartsWith("assembly ", StringComparison.Ordinal)))
        {
            if (line.StartsWith("namespace ", StringComparison.Ordinal))
                space = line["namespace ".Length..];
            else if (line[0] == ' ')
                current!.Members.Add(Normalize(line.Trim()));
            else
                current = Add(types, space, Normalize(line));
        }

        return types;
    }

    private static OfficialType Add(Dictionary<string, OfficialType> types, string space, string line)
    {
        var match = TypeLine().Match(line);
        var (declaration, name, parameters, bases) = (match.Groups["declaration"].Value, match.Groups["name"].Value, match.Groups["parameters"], match.Groups["bases"].Value);
        // A base given constructor arguments is still just that base.
        bases = Arguments().Replace(bases, "");
        var type = new OfficialType($"{declaration} {name}{(bases.Length == 0 ? "" : " : " + bases)}", []);
        if (parameters.Success)
            type.Members.Add($"{name.Split('<')[0]}({parameters.Value})");
        types.Add($"{space}.{name}", type);
        return type;
    }

    /// <summary>One spelling for what means the same to a caller: spaces, null for default, no annotations of reference types.</summary>
    private static string Normalize(string line)
    {
        line = line.Replace("= null", "= default", StringComparison.Ordinal).Replace("new string Match", "string Match", StringComparison.Ordinal);
        line = ReferenceAnnotation().Replace(line, "");
        return CommaWithoutSpace().Replace(line, ", ");
    }

    [GeneratedRegex(@"^(?<declaration>(?:abstract |sealed |static |readonly )?(?:class|struct|interface|enum|record)) +(?<name>\w+(?:<[^>]+>)?)(?:\((?<parameters>.*?)\))?(?: : (?<bases>.*))?$")]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"\([^)]*\)")]
    private static partial Regex Arguments();

    [GeneratedRegex(@"(?<!\b(?:ConsistencyMode|ConcurrencyMode|StateOperationType|TimeSpan|bool|int))\?")]
    private static partial Regex ReferenceAnnotation();

    [GeneratedRegex(@",(?=\S)")]
    private static partial Regex CommaWithoutSpace();
}
