using System.Text;
using Sidecar.Cli.Processes;

namespace Sidecar.Cli.Tests.Processes;

public sealed class LinesTests
{
    [Theory]
    [InlineData("", new string[0])]
    [InlineData("a", new[] { "a" })]
    [InlineData("a\nb\n", new[] { "a", "b" })]
    [InlineData("a\r\n\nb", new[] { "a", "", "b" })]
    public async Task Text_is_cut_at_line_ends(string text, string[] lines) => Assert.Equal(lines, await CutAsync(text));

    [Fact]
    public async Task An_endless_line_is_passed_on_in_pieces()
    {
        var lines = await CutAsync(new string('x', (2 * Lines.Longest) + 5) + "\nnext\n");

        Assert.Equal([Lines.Longest, Lines.Longest, 5, 4], lines.Select(line => line.Length));
    }

    [Fact]
    public async Task Characters_that_arrive_in_parts_stay_whole() =>
        Assert.Equal([string.Concat(Enumerable.Repeat("ä€😀", 3000))], await CutAsync(string.Concat(Enumerable.Repeat("ä€😀", 3000)) + "\n"));

    private static async Task<List<string>> CutAsync(string text)
    {
        var lines = new List<string>();
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));
        await Lines.PumpAsync(
            stream,
            line =>
            {
                lines.Add(line);
                return ValueTask.CompletedTask;
            },
            CancellationToken.None);
        return lines;
    }
}
