using Xunit;

namespace TestSupport;

/// <summary>Programs of other languages that some tests need and a machine may not have.</summary>
public static class Interpreters
{
    /// <summary>Skips the test with a line that names what is missing; on build servers (CI=true) nothing is skipped.</summary>
    public static void SkipUnlessHere(params string[] programs)
    {
        var missing = programs.Where(program => !IsInPath(program)).ToArray();
        if (missing.Length == 0)
            return;
        var reason = $"this test needs {string.Join(" and ", missing)} in PATH";
        if (string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
            throw new InvalidOperationException($"{reason}, and CI=true forbids to skip it");
        Assert.Skip($"{reason}; install {(missing.Length > 1 ? "them" : "it")} to run it");
    }

    private static bool IsInPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Any(folder => File.Exists(Path.Combine(folder, program)) || File.Exists(Path.Combine(folder, program + ".exe")));
}
