namespace Sidecar.Runtime.Resources.Yaml;

/// <summary>
/// Reads the fields of one map of a document by name. A wrong type becomes a problem that says what was expected, and the
/// field's default is returned, so that reading goes on and finds the next mistake. The names that were asked for are the
/// known ones: <see cref="RefuseUnknown"/> reports all others.
/// </summary>
internal sealed class YamlFields(YamlMap map, string path, DocumentProblems problems)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public DocumentProblems Problems => problems;

    public int Line => map.Line;

    public string PathOf(string name) => path.Length == 0 ? name : $"{path}.{name}";

    /// <summary>The names that the document gives, each once.</summary>
    public IEnumerable<string> Names => map.Entries.Select(entry => entry.Key).Distinct(StringComparer.Ordinal);

    /// <summary>Line of the field's key, or of the map when the field is absent.</summary>
    public int LineOf(string name) => Entry(name)?.Line ?? map.Line;

    public bool Has(string name) => Entry(name) is not null;

    /// <summary>The value, or null when the field is absent or null.</summary>
    public YamlNode? Node(string name) => Entry(name)?.Value is { } value and not YamlScalar { IsNull: true } ? value : null;

    /// <summary>Names that are valid here and read by nobody.</summary>
    public void Allow(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            _known.Add(name);
    }

    /// <summary>A text, or a number or boolean as <paramref name="form"/> writes it.</summary>
    public string? Text(string name, TextForm form = TextForm.Normalized) =>
        Node(name) is { } node ? TextOf(node, PathOf(name), form) : null;

    public string RequiredText(string name, TextForm form = TextForm.Normalized)
    {
        if (Node(name) is null or YamlScalar { Text: "" })
        {
            problems.Error(LineOf(name), PathOf(name), "expected a text; this field is required");
            return "";
        }

        return Text(name, form) ?? "";
    }

    /// <summary>One of the given texts, else a problem and null. As written: <c>no</c> is a text here.</summary>
    public string? Choice(string name, params ReadOnlySpan<string> allowed) => Choice(name, StringComparison.Ordinal, allowed);

    /// <summary>The same for a text that Dapr reads without regard to case; the spelling of <paramref name="allowed"/> is returned.</summary>
    public string? ChoiceOfAnyCase(string name, params ReadOnlySpan<string> allowed) => Choice(name, StringComparison.OrdinalIgnoreCase, allowed);

    private string? Choice(string name, StringComparison comparison, ReadOnlySpan<string> allowed)
    {
        if (Text(name, TextForm.AsWritten) is not { Length: > 0 } text)
            return null;
        foreach (var choice in allowed)
        {
            if (string.Equals(choice, text, comparison))
                return choice;
        }

        problems.Error(LineOf(name), PathOf(name), $"expected {string.Join(", ", allowed[..^1])} or {allowed[^1]}, found '{text}'{Spelling.Hint(text, allowed.ToArray())}");
        return null;
    }

    public bool Flag(string name, bool defaultValue = false) => Node(name) switch
    {
        null => defaultValue,
        YamlScalar { Value: bool flag } => flag,
        var node => Wrong(name, node, "true or false", defaultValue),
    };

    public int Integer(string name, int minimum, int maximum, int defaultValue = 0) => Node(name) switch
    {
        null => defaultValue,
        YamlScalar { Value: long number } when number >= minimum && number <= maximum => (int)number,
        var node => Wrong(name, node, Range(minimum, maximum), defaultValue),
    };

    public IReadOnlyList<string> Texts(string name, TextForm form = TextForm.Normalized)
    {
        if (List(name, "a list of texts") is not { } list)
            return [];
        var texts = new List<string>();
        for (var index = 0; index < list.Items.Count; index++)
        {
            if (TextOf(list.Items[index], $"{PathOf(name)}[{index}]", form) is { } text)
                texts.Add(text);
        }

        return texts;
    }

    /// <summary>A map of texts; null values become empty texts.</summary>
    public IReadOnlyDictionary<string, string> TextMap(string name, TextForm form = TextForm.Normalized)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        if (Node(name) is not { } node)
            return values;
        if (node is not YamlMap entries)
            return Wrong(name, node, "a map of texts", values);
        foreach (var entry in entries.Entries)
        {
            var field = $"{PathOf(name)}.{entry.Key}";
            if (values.ContainsKey(entry.Key))
                problems.Odd(entry.Line, field, "is given twice; the last one counts");
            var text = entry.Value is YamlScalar { IsNull: true } ? "" : TextOf(entry.Value, field, form);
            if (text is not null)
                values[entry.Key] = text;
        }

        return values;
    }

    public YamlFields? Object(string name) => Node(name) switch
    {
        null => null,
        YamlMap child => new YamlFields(child, PathOf(name), problems),
        var node => Wrong<YamlFields?>(name, node, "a map", null),
    };

    public IEnumerable<YamlFields> Objects(string name)
    {
        if (List(name, "a list of maps") is not { } list)
            yield break;
        for (var index = 0; index < list.Items.Count; index++)
        {
            var field = $"{PathOf(name)}[{index}]";
            if (list.Items[index] is YamlMap child)
                yield return new YamlFields(child, field, problems);
            else
                problems.Error(list.Items[index].Line, field, $"expected a map, found {list.Items[index].Describe()}");
        }
    }

    /// <summary>Call last: every field that was neither read nor allowed is unknown.</summary>
    public void RefuseUnknown()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in map.Entries)
        {
            if (!seen.Add(entry.Key))
                problems.Odd(entry.Line, PathOf(entry.Key), "is given twice; the last one counts");
            else if (!_known.Contains(entry.Key))
                ReportUnknown(entry);
        }
    }

    private void ReportUnknown(YamlEntry entry)
    {
        var otherCase = problems.AnyCase ? _known.FirstOrDefault(name => string.Equals(name, entry.Key, StringComparison.OrdinalIgnoreCase)) : null;
        if (otherCase is not null)
            problems.Warning(entry.Line, PathOf(entry.Key), $"is read as '{otherCase}'; spell it so, Kubernetes refuses other capitals");
        else
            problems.Odd(entry.Line, PathOf(entry.Key), $"unknown field{Spelling.Hint(entry.Key, _known)}");
    }

    private YamlEntry? Entry(string name)
    {
        _known.Add(name);
        return map.Find(name) ?? (problems.AnyCase ? map.Find(name, StringComparison.OrdinalIgnoreCase) : null);
    }

    private YamlList? List(string name, string expected) => Node(name) switch
    {
        null => null,
        YamlList list => list,
        var node => Wrong<YamlList?>(name, node, expected, null),
    };

    private string? TextOf(YamlNode node, string field, TextForm form)
    {
        if (node is YamlScalar scalar)
            return form == TextForm.AsWritten ? scalar.Text : YamlText.OfScalar(scalar);
        problems.Error(node.Line, field, $"expected a text, found {node.Describe()}");
        return null;
    }

    private T Wrong<T>(string name, YamlNode node, string expected, T result)
    {
        problems.Error(node.Line, PathOf(name), $"expected {expected}, found {node.Describe()}");
        return result;
    }

    private static string Range(int minimum, int maximum) => (minimum, maximum) switch
    {
        (int.MinValue, int.MaxValue) => "an integer",
        _ when minimum == maximum => $"{minimum}",
        (_, int.MaxValue) => $"an integer of at least {minimum}",
        _ => $"an integer from {minimum} to {maximum}",
    };
}

/// <summary>How a number or boolean becomes text where a text is expected.</summary>
internal enum TextForm
{
    /// <summary>As Dapr's resource files: <c>yes</c> is <c>true</c>, <c>0x10</c> is <c>16</c>.</summary>
    Normalized,

    /// <summary>As the run template: the characters of the file.</summary>
    AsWritten,
}
