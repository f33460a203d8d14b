namespace TestSupport;

/// <summary>Finds the repository that the tests were built from.</summary>
public static class RepositoryRoot
{
    public static string Path { get; } = Find();

    public static string Combine(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Dapr.sln")))
                return folder.FullName;
        }

        throw new DirectoryNotFoundException($"No Dapr.sln above {AppContext.BaseDirectory}");
    }
}
