namespace Sidecar.Protos.Tests;

/// <summary>
/// A wire contract as words: what is named (<c>field dapr.proto.common.v1.Etag.value</c>) and all that is said of it
/// (<c>1 singular string value - -</c>). <c>wire.tsv</c> names the columns.
/// </summary>
internal static class Wire
{
    /// <summary>The contract as <c>wire.tsv</c> lists it. Whoever changes that file changes the contract.</summary>
    public static SortedDictionary<string, string> Listed()
    {
        using var stream = typeof(Wire).Assembly.GetManifestResourceStream("wire.tsv")!;
        using var reader = new StreamReader(stream);
        var wire = new SortedDictionary<string, string>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
                continue;
            var cells = line.Split('\t');
            wire.Add($"{cells[0]} {cells[1]}", string.Join(' ', cells[2..]));
        }

        return wire;
    }

    /// <summary>One line for each name that one side lacks, or of which they say different things.</summary>
    public static IEnumerable<string> Differences(SortedDictionary<string, string> listed, SortedDictionary<string, string> generated)
    {
        foreach (var (name, words) in listed)
        {
            if (!generated.TryGetValue(name, out var found))
                yield return $"{name}: listed, not generated";
            else if (found != words)
                yield return $"{name}: listed as '{words}', generated as '{found}'";
        }

        foreach (var name in generated.Keys.Where(name => !listed.ContainsKey(name)))
            yield return $"{name}: generated, not listed";
    }
}
