namespace Sidecar.Components.LocalStorage;

/// <summary>A folder that no name leads out of: neither by <c>..</c> nor by a link inside it, which is read as if the folder were the root of all.</summary>
internal sealed class RootFolder(string path)
{
    private const int MostLinks = 255;

    private static readonly string[] Forbidden = ["/proc", "/sys", "/boot", "/var/run/secrets"];

    public string Path { get; } = path;

    /// <summary>Makes the folder if it is missing.</summary>
    /// <exception cref="ComponentException">It cannot be made, or is none that files may be kept in.</exception>
    public static RootFolder Open(string path)
    {
        Refuse(path);
        try
        {
            Directory.CreateDirectory(path);
            var real = Real(path);
            Refuse(real);
            return new RootFolder(real);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new ComponentException($"metadata field 'rootPath': '{path}' cannot be used as a folder ({failure.Message})", failure);
        }
    }

    /// <summary>Where the file of that name lies, or would lie.</summary>
    /// <exception cref="ComponentException">Its links go round in circles.</exception>
    public string Resolve(string name)
    {
        var ahead = new Stack<string>(Parts(name).Reverse());
        var walked = new List<string>();
        var links = 0;
        while (ahead.TryPop(out var part))
        {
            if (part == "..")
            {
                walked.RemoveRange(Math.Max(0, walked.Count - 1), Math.Min(1, walked.Count));
                continue;
            }

            if (new FileInfo(Under([.. walked, part])).LinkTarget is not { } target)
            {
                walked.Add(part);
                continue;
            }

            if (++links > MostLinks)
                throw new ComponentException($"'{name}' goes through too many links");
            if (System.IO.Path.IsPathRooted(target))
                walked.Clear();
            foreach (var step in Parts(target).Reverse())
                ahead.Push(step);
        }

        return Under(walked);
    }

    public string Relative(string full) => System.IO.Path.GetRelativePath(Path, full).Replace('\\', '/');

    private string Under(List<string> parts) => System.IO.Path.Combine([Path, .. parts]);

    private static IEnumerable<string> Parts(string path) =>
        path[(System.IO.Path.GetPathRoot(path)?.Length ?? 0)..]
            .Split(['/', System.IO.Path.DirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries)
            .Where(part => part != ".");

    private static void Refuse(string path)
    {
        if (OperatingSystem.IsWindows())
            return;
        foreach (var folder in Forbidden)
        {
            if (IsBelow(path, folder) || (Directory.Exists(folder) && IsBelow(path, Real(folder))))
                throw new ComponentException($"metadata field 'rootPath': '{path}' is below {folder}, where no files may be kept");
        }
    }

    private static bool IsBelow(string path, string folder) =>
        path.Equals(folder, StringComparison.Ordinal) || path.StartsWith($"{folder}/", StringComparison.Ordinal);

    // With every link on the way resolved.
    private static string Real(string path)
    {
        var real = System.IO.Path.GetPathRoot(path)!;
        foreach (var part in Parts(path))
        {
            real = System.IO.Path.Combine(real, part);
            real = new DirectoryInfo(real).ResolveLinkTarget(returnFinalTarget: true)?.FullName is { } target ? Real(target) : real;
        }

        return real;
    }
}
