using TestSupport;

namespace Architecture;

/// <summary>The house rules that a machine can check.</summary>
public sealed class StyleTests
{
    private const int LongestFile = 400;

    [Fact]
    public void No_source_file_is_longer_than_400_lines()
    {
        var tooLong = Sources().Select(file => (File: file, Lines: File.ReadLines(file).Count())).Where(entry => entry.Lines > LongestFile);
        Assert.Empty(tooLong.Select(entry => $"{entry.File}: {entry.Lines}"));
    }

    [Fact]
    public void The_runtime_asks_no_clock_but_the_one_it_is_given()
    {
        string[] forbidden = ["DateTime.Now", "DateTime.UtcNow", "DateTimeOffset.Now", "DateTimeOffset.UtcNow", "Thread.Sleep("];
        var wrong = Sources().SelectMany(file => forbidden.Where(word => File.ReadAllText(file).Contains(word, StringComparison.Ordinal)).Select(word => $"{file}: {word}"));
        Assert.Empty(wrong);
    }

    private static IEnumerable<string> Sources() =>
        Directory.EnumerateFiles(RepositoryRoot.Combine("src"), "*.cs", SearchOption.AllDirectories);
}
