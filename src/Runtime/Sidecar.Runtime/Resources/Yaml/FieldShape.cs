namespace Sidecar.Runtime.Resources.Yaml;

/// <summary>
/// The fields that a part of a document may have, for parts that are checked and not read. Written as
/// <c>leaf, map { … }, list[] { … }, byName* { … }</c>, where the last is a map whose keys the user chooses.
/// </summary>
internal sealed class FieldShape
{
    private const string Punctuation = "{},";

    private readonly List<(string Name, char Kind, FieldShape? Inside)> _fields = [];

    public static FieldShape Parse(string text)
    {
        var tokens = new Queue<string>(Tokens(text));
        return Parse(tokens);
    }

    /// <summary>Reports unknown fields, and lists where maps belong and the other way around.</summary>
    public void Check(YamlFields fields)
    {
        foreach (var (name, kind, inside) in _fields)
        {
            switch (kind)
            {
                case '[':
                    foreach (var item in fields.Objects(name))
                        inside?.Check(item);
                    break;
                case '*' when fields.Object(name) is { } named:
                    foreach (var key in named.Names)
                    {
                        if (inside is not null && named.Object(key) is { } item)
                            inside.Check(item);
                    }

                    break;
                case '{' when fields.Object(name) is { } child:
                    inside!.Check(child);
                    break;
                default:
                    fields.Allow(name);
                    break;
            }
        }

        fields.RefuseUnknown();
    }

    private static FieldShape Parse(Queue<string> tokens)
    {
        var shape = new FieldShape();
        while (tokens.TryDequeue(out var token) && token != "}")
        {
            if (token == ",")
                continue;
            var inside = tokens.TryPeek(out var next) && next == "{" ? Inside(tokens) : null;
            var kind = token[^1] switch { ']' => '[', '*' => '*', _ => inside is null ? '.' : '{' };
            shape._fields.Add((token.TrimEnd('[', ']', '*'), kind, inside));
        }

        return shape;
    }

    private static FieldShape Inside(Queue<string> tokens)
    {
        tokens.Dequeue();
        return Parse(tokens);
    }

    private static IEnumerable<string> Tokens(string text)
    {
        foreach (var mark in Punctuation)
            text = text.Replace(mark.ToString(), $" {mark} ", StringComparison.Ordinal);
        return text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
    }
}
