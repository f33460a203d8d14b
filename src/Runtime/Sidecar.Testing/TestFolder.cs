namespace Sidecar.Testing;

/// <summary>The working directory of a host's sidecars: gone with the host, with everything that components keep in it.</summary>
internal sealed class TestFolder : IDisposable
{
    public TestFolder() => Directory.CreateDirectory(FullPath);

    public string FullPath { get; } = Path.Combine(Path.GetTempPath(), $"dapr-test-{Guid.NewGuid():N}");

    public string Write(string name, string text)
    {
        var path = Path.Combine(FullPath, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>A path as it is given, from the folder of the test assembly, or from the nearest folder above that has it.</summary>
    /// <exception cref="FileNotFoundException">There is no such file or folder.</exception>
    public static string Find(string path)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.GetFullPath(path, folder.FullName);
            if (Path.Exists(candidate))
                return candidate;
        }

        throw new FileNotFoundException($"'{path}' is neither in {AppContext.BaseDirectory} nor in a folder above it.", path);
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(FullPath, recursive: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A file is still held, by a daprd that takes its time for one; the system clears its temporary folder.
        }
    }
}
