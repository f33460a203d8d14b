using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Security;

/// <summary>Operations by the segments of their names. <c>*</c> matches one segment, <c>/**</c> at the end one or more.</summary>
internal sealed class OperationTree
{
    private const string One = "*";
    private const string Rest = "**";

    private readonly Node _root = new();

    public void Add(string name, OperationAccess operation)
    {
        var node = _root;
        foreach (var segment in Segments(name))
        {
            if (!node.Next.TryGetValue(segment, out var next))
                node.Next[segment] = next = new Node();
            node = next;
        }

        node.Operation = operation;
    }

    /// <summary>The most exact match; null = none.</summary>
    public OperationAccess? Find(string path) => Find(_root, Segments(path));

    private static OperationAccess? Find(Node node, ReadOnlySpan<string> segments)
    {
        if (segments.IsEmpty)
            return node.Operation;
        if (node.Next.TryGetValue(segments[0], out var exact) && Find(exact, segments[1..]) is { } found)
            return found;
        if (node.Next.TryGetValue(One, out var one) && Find(one, segments[1..]) is { } matched)
            return matched;
        return node.Next.GetValueOrDefault(Rest)?.Operation;
    }

    // A slash at the end means nothing here: it must not lead past a rule.
    private static string[] Segments(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);

    private sealed class Node
    {
        public Dictionary<string, Node> Next { get; } = new(StringComparer.Ordinal);

        public OperationAccess? Operation { get; set; }
    }
}
