using System.Security.Cryptography;
using Xunit;

namespace TestSupport;

/// <summary>
/// Node scripts of tests, with the packages of <c>tests/TestSupport/Node/package.json</c>. They are installed once, whichever test
/// process comes first, and again when the lock file changes.
/// </summary>
public static class NodePackages
{
    private static readonly string Source = RepositoryRoot.Combine("tests", "TestSupport", "Node");
    private static readonly TimeSpan InstallPatience = TimeSpan.FromMinutes(5);
    private static readonly Lazy<string?> Node = new(() => OnPath("node"));
    private static readonly Lazy<string?> Npm = new(() => OnPath("npm"));
    private static readonly Lazy<Task<string>> Installed = new(InstallAsync);

    /// <summary>
    /// Skips the running test where there is no Node. With the environment <c>CI=true</c> it does not, and then the test fails
    /// where it starts its script: a build that should prove something must not pass for want of a tool.
    /// </summary>
    public static void SkipWithoutNode()
    {
        var isMissing = Node.Value is null || Npm.Value is null;
        Assert.SkipWhen(isMissing && Environment.GetEnvironmentVariable("CI") != "true", "node and npm are not on PATH");
    }

    /// <summary>Starts a script (CommonJS, which finds the packages wherever it is) with the packages installed.</summary>
    public static async Task<TestProcess> StartAsync(string script, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var packages = await Installed.Value;
        var variables = new Dictionary<string, string?>(environment ?? new Dictionary<string, string?>()) { ["NODE_PATH"] = packages };
        return TestProcess.Start(Node.Value!, [script, .. arguments], Path.GetDirectoryName(script), variables);
    }

    private static async Task<string> InstallAsync()
    {
        if (Node.Value is null || Npm.Value is null)
            throw new InvalidOperationException("node and npm are not on PATH");
        var wanted = await File.ReadAllBytesAsync(Path.Combine(Source, "package-lock.json"));
        var parent = Directory.CreateDirectory(RepositoryRoot.Combine("artifacts", "node")).FullName;
        var folder = Path.Combine(parent, Convert.ToHexStringLower(SHA256.HashData(wanted))[..16]);
        var modules = Path.Combine(folder, "node_modules");
        var done = Path.Combine(folder, "installed");

        using var held = await Eventually.GetAsync(() => Task.FromResult(TryLock(Path.Combine(parent, "lock"))), "the lock of the Node packages", InstallPatience);
        if (File.Exists(done))
            return modules;
        Directory.CreateDirectory(folder);
        foreach (var file in (string[])["package.json", "package-lock.json"])
            File.Copy(Path.Combine(Source, file), Path.Combine(folder, file), overwrite: true);
        await using var npm = TestProcess.Start(Npm.Value, ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"], folder);
        if (await npm.ExitAsync(InstallPatience) != 0)
            throw new InvalidOperationException($"npm ci failed in {folder}:\n{npm.Output}");
        await File.WriteAllTextAsync(done, "");
        return modules;
    }

    private static FileStream? TryLock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string? OnPath(string program)
    {
        string[] endings = OperatingSystem.IsWindows() ? [".exe", ".cmd"] : [""];
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => endings.Select(ending => Path.Combine(folder, program + ending)))
            .FirstOrDefault(File.Exists);
    }
}
