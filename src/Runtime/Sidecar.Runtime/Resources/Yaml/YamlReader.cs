using System.Text;

namespace Sidecar.Runtime.Resources.Yaml;

/// <summary>One document of a file: its root, or why it cannot be read.</summary>
/// <param name="Line">Line of its first key, or of the error.</param>
internal sealed record YamlDocument(string File, int Line, YamlNode? Root, string? Error);

/// <summary>
/// Reads YAML files. Documents are split at lines that start with <c>---</c> before any of them is parsed, as Dapr does, so
/// that one broken document takes no other with it; the rest of such a line is dropped.
/// </summary>
internal static class YamlReader
{
    public const int MaxFileLength = 1_000_000;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static IReadOnlyList<YamlDocument> ReadFile(string file, Func<string, string>? rewrite = null)
    {
        string text;
        try
        {
            if (ReadBounded(file) is not { } whole)
                return [new YamlDocument(file, 1, null, $"longer than {MaxFileLength:N0} characters")];
            text = whole;
        }
        catch (DecoderFallbackException)
        {
            return [new YamlDocument(file, 1, null, "not UTF-8 text")];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [new YamlDocument(file, 1, null, $"cannot be read: {failure.Message}")];
        }

        return ReadText(file, rewrite is null ? text : rewrite(text));
    }

    /// <summary>null when the file is too long. Counted while reading: a pipe or a device has no length to ask for.</summary>
    private static string? ReadBounded(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream, StrictUtf8, detectEncodingFromByteOrderMarks: true);
        var text = new StringBuilder();
        var buffer = new char[4096];
        for (var read = reader.Read(buffer); read > 0; read = reader.Read(buffer))
        {
            if (text.Append(buffer, 0, read).Length > MaxFileLength)
                return null;
        }

        return text.ToString();
    }

    /// <summary>Documents that hold nothing but blank lines and comments are left out.</summary>
    public static IReadOnlyList<YamlDocument> ReadText(string file, string text)
    {
        var documents = new List<YamlDocument>();
        foreach (var (line, part) in Split(text))
        {
            try
            {
                if (YamlTreeBuilder.Build(part, line) is { } root)
                    documents.Add(new YamlDocument(file, root.Line, root, null));
            }
            catch (YamlRefusedException refused)
            {
                documents.Add(new YamlDocument(file, refused.Line, null, refused.Message));
            }
        }

        return documents;
    }

    private static IEnumerable<(int Line, string Text)> Split(string text)
    {
        var lines = text.Split('\n');
        var start = 0;
        for (var index = 0; index <= lines.Length; index++)
        {
            if (index < lines.Length && !lines[index].StartsWith("---", StringComparison.Ordinal))
                continue;
            var part = lines[start..index];
            if (!part.All(HoldsNothing))
                yield return (start + 1, string.Join('\n', part));
            start = index + 1;
        }
    }

    /// <summary>Blank, a comment, or a directive such as <c>%YAML 1.2</c>, which stands before the first separator.</summary>
    private static bool HoldsNothing(string line)
    {
        var rest = line.AsSpan().Trim();
        return rest.IsEmpty || rest[0] == '#' || line[0] == '%';
    }
}
