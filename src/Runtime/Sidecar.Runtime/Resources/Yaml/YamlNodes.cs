namespace Sidecar.Runtime.Resources.Yaml;

/// <summary>A node of a YAML document. <paramref name="line"/> is 1-based and counts from the top of the file.</summary>
internal abstract class YamlNode(int line)
{
    public int Line => line;

    /// <summary>How a message names what was found.</summary>
    public abstract string Describe();
}

internal sealed class YamlMap(int line, IReadOnlyList<YamlEntry> entries) : YamlNode(line)
{
    /// <summary>In file order; a key may occur twice, and then the last one counts, as in Go's parser.</summary>
    public IReadOnlyList<YamlEntry> Entries => entries;

    public YamlEntry? Find(string key, StringComparison comparison = StringComparison.Ordinal) =>
        entries.LastOrDefault(entry => string.Equals(entry.Key, key, comparison));

    public override string Describe() => "a map";
}

internal sealed record YamlEntry(string Key, int Line, YamlNode Value);

internal sealed class YamlList(int line, IReadOnlyList<YamlNode> items) : YamlNode(line)
{
    public IReadOnlyList<YamlNode> Items => items;

    public override string Describe() => "a list";
}

/// <param name="line">Line of the value.</param>
/// <param name="text">As written, without quotes.</param>
/// <param name="isPlain">Written without quotes, so that it may mean a number, a boolean or null.</param>
internal sealed class YamlScalar(int line, string text, bool isPlain) : YamlNode(line)
{
    private const int LongestQuote = 60;

    public string Text => text;

    /// <summary>null, bool, long, ulong, double or string, by the rules of <see cref="YamlScalarTypes"/>.</summary>
    public object? Value { get; } = isPlain ? YamlScalarTypes.Resolve(text) : text;

    public bool IsNull => Value is null;

    public override string Describe() => Value switch
    {
        null => "nothing",
        bool flag => flag ? "true" : "false",
        string => $"the text '{(text.Length > LongestQuote ? text[..LongestQuote] + "…" : text)}'",
        _ => $"the number {text}",
    };
}
