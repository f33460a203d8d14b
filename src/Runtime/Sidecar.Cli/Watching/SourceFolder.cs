using System.IO.Enumeration;

namespace Sidecar.Cli.Watching;

/// <summary>A folder of sources, with those below it.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Endings">Of the names of files that count, such as <c>.cs</c>; empty = all files.</param>
internal sealed record SourceFolder(string Path, IReadOnlyList<string> Endings)
{
    private static readonly string[] NoSources = ["bin", "obj", "artifacts", "node_modules", "__pycache__"];

    /// <summary>Its files as they are now; none when there is no such folder.</summary>
    public IEnumerable<SourceFile> Files() => Directory.Exists(Path)
        ? new FileSystemEnumerable<SourceFile>(
            Path,
            static (ref entry) => new SourceFile(entry.ToFullPath(), entry.LastWriteTimeUtc, entry.Length),
            new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true })
        {
            ShouldIncludePredicate = (ref entry) => !entry.IsDirectory && Counts(entry.FileName),
            ShouldRecursePredicate = static (ref entry) => IsSource(entry.FileName) && !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
        }
        : [];

    public bool Holds(string file) => file.StartsWith(Path + System.IO.Path.DirectorySeparatorChar, StringComparison.Ordinal) && Counts(System.IO.Path.GetFileName(file.AsSpan()));

    private bool Counts(ReadOnlySpan<char> name)
    {
        foreach (var ending in Endings)
        {
            if (name.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        // What editors keep beside a file while they write it is none.
        return Endings.Count == 0 && name is not (['.', ..] or ['#', ..] or [.., '~']);
    }

    private static bool IsSource(ReadOnlySpan<char> folder)
    {
        if (folder is ['.', ..])
            return false;
        foreach (var name in NoSources)
        {
            if (folder.Equals(name, StringComparison.OrdinalIgnoreCase))
                return false;
        }

        return true;
    }
}

/// <summary>A source, and what tells its content from another without reading it.</summary>
internal readonly record struct SourceFile(string Path, DateTimeOffset Written, long Length);
