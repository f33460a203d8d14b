using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Sidecar.Runtime.Resources.Yaml;

/// <summary>
/// Builds the node tree of one YAML document from parser events, inside limits: a deep nest would overflow the stack and a
/// few lines of aliases can stand for billions of nodes, so both end in a problem that names the line.
/// </summary>
internal sealed class YamlTreeBuilder
{
    public const int MaxDepth = 100;
    public const int MaxNodes = 100_000;

    private readonly Parser _parser;
    private readonly int _firstLine;
    private readonly int _lastLine;
    private readonly Dictionary<AnchorName, (YamlNode Node, int Size)> _anchors = [];
    private int _nodes;

    private YamlTreeBuilder(string text, int firstLine)
    {
        _parser = new Parser(new StringReader(text));
        _firstLine = firstLine;
        _lastLine = firstLine + LinesAfterTheFirst(text);
    }

    /// <summary>The root of the first document in the text, or null if it has none.</summary>
    /// <exception cref="YamlRefusedException">It is not YAML, or exceeds a limit.</exception>
    public static YamlNode? Build(string text, int firstLine)
    {
        try
        {
            return new YamlTreeBuilder(text, firstLine).Document();
        }
        catch (YamlException failure)
        {
            var line = Math.Clamp(failure.Start.Line - 1, 0, LinesAfterTheFirst(text));
            throw new YamlRefusedException(firstLine + (int)line, $"not valid YAML: {failure.Message}");
        }
        catch (Exception failure) when (failure is ArgumentException or InvalidOperationException or IndexOutOfRangeException)
        {
            // The parser lets a few of its own slips through on malformed escapes and tags; to a reader they are bad YAML too.
            throw new YamlRefusedException(firstLine, $"not valid YAML: {failure.Message}");
        }
    }

    private YamlNode? Document()
    {
        Next();
        Next();
        if (_parser.Current is StreamEnd or null)
            return null;
        Next();
        if (_parser.Current is DocumentEnd)
            return null;
        var root = Node(0);
        Next();
        if (_parser.MoveNext() && _parser.Current is not StreamEnd)
            throw Refused("found a second document; begin it with a line '---'");
        return root;
    }

    private YamlNode Node(int depth)
    {
        if (depth > MaxDepth)
            throw Refused($"nested more than {MaxDepth} levels deep");
        Count(1);
        var before = _nodes;
        switch (_parser.Current)
        {
            case AnchorAlias alias:
                return Alias(alias);
            case Scalar scalar when HoldsHalfACharacter(scalar.Value):
                throw Refused("found half of a surrogate pair, which no text can hold");
            case Scalar scalar:
                var isPlain = scalar.Style == ScalarStyle.Plain && (scalar.Tag.IsEmpty || scalar.Tag.Value != "tag:yaml.org,2002:str");
                return Remember(scalar.Anchor, new YamlScalar(Line, scalar.Value, isPlain), before);
            case SequenceStart sequence:
                return Remember(sequence.Anchor, Sequence(depth), before);
            case MappingStart mapping:
                return Remember(mapping.Anchor, Mapping(depth), before);
            default:
                throw Refused("expected a value");
        }
    }

    private YamlNode Alias(AnchorAlias alias)
    {
        // An anchor becomes known only when its node is complete, so a node that contains itself ends here too.
        if (!_anchors.TryGetValue(alias.Value, out var anchored))
            throw Refused($"alias '*{alias.Value}' refers to no anchor before it");
        Count(anchored.Size);
        return anchored.Node;
    }

    private YamlList Sequence(int depth)
    {
        var line = Line;
        var items = new List<YamlNode>();
        for (Next(); _parser.Current is not SequenceEnd; Next())
            items.Add(Node(depth + 1));
        return new YamlList(line, items);
    }

    private YamlMap Mapping(int depth)
    {
        var line = Line;
        var entries = new List<YamlEntry>();
        var merged = new List<YamlEntry>();
        for (Next(); _parser.Current is not MappingEnd; Next())
        {
            var keyLine = Line;
            if (Node(depth + 1) is not YamlScalar key)
                throw new YamlRefusedException(keyLine, "expected a text as key, found a list or a map");
            Next();
            var value = Node(depth + 1);
            if (key.Text == "<<")
                merged.AddRange(Merge(value));
            else
                entries.Add(new YamlEntry(key.Text, keyLine, value));
        }

        return new YamlMap(line, merged.Count == 0 ? entries : WithMerged(entries, merged));
    }

    private static IEnumerable<YamlEntry> Merge(YamlNode value) => value switch
    {
        YamlMap map => map.Entries,
        YamlList list when list.Items.All(item => item is YamlMap) => list.Items.Cast<YamlMap>().SelectMany(map => map.Entries),
        _ => throw new YamlRefusedException(value.Line, $"expected a map to merge with '<<', found {value.Describe()}"),
    };

    private static List<YamlEntry> WithMerged(List<YamlEntry> own, List<YamlEntry> merged)
    {
        var keys = own.Select(entry => entry.Key).ToHashSet(StringComparer.Ordinal);
        return [.. own, .. merged.Where(entry => keys.Add(entry.Key))];
    }

    private YamlNode Remember(AnchorName anchor, YamlNode node, int before)
    {
        if (!anchor.IsEmpty)
            _anchors[anchor] = (node, _nodes - before + 1);
        return node;
    }

    // An escape such as "\ud800" can name one.
    private static bool HoldsHalfACharacter(string text)
    {
        for (var index = 0; index < text.Length; index++)
        {
            if (!char.IsSurrogate(text[index]))
                continue;
            if (index + 1 == text.Length || !char.IsSurrogatePair(text[index], text[index + 1]))
                return true;
            index++;
        }

        return false;
    }

    private void Count(int nodes)
    {
        _nodes += nodes;
        if (_nodes > MaxNodes)
            throw Refused($"more than {MaxNodes.ToString("N0", CultureInfo.InvariantCulture)} values, counting each use of an alias");
    }

    private void Next()
    {
        if (!_parser.MoveNext())
            throw Refused("the document ends too early");
    }

    // What is missing or unclosed is noticed at the end, which the parser places on the line after the last.
    private int Line => Math.Min(_firstLine + (int)Math.Max(0, (_parser.Current?.Start.Line ?? 1) - 1), _lastLine);

    private YamlRefusedException Refused(string message) => new(Line, message);

    /// <summary>Up to the last that holds something. All breaks count that count to the parser.</summary>
    private static int LinesAfterTheFirst(string text)
    {
        var held = text.AsSpan().TrimEnd();
        var breaks = 0;
        for (var index = 0; index < held.Length; index++)
        {
            if (held[index] is '\n' or '\u0085' or '\u2028' or '\u2029' || (held[index] == '\r' && (index + 1 == held.Length || held[index + 1] != '\n')))
                breaks++;
        }

        return breaks;
    }
}

/// <summary>A document cannot be read; the line counts from the top of the file.</summary>
internal sealed class YamlRefusedException(int line, string message) : Exception(message)
{
    public int Line => line;
}
