using System.Text.RegularExpressions;
using Sidecar.Cli.Logs;
using Sidecar.Cli.Runs;
using Sidecar.Runtime.Resources;
using TestSupport;

namespace Sidecar.Cli.Tests.Logs;

public sealed class RunLogTests : IDisposable
{
    private static readonly DateTimeOffset Started = new(2026, 3, 4, 5, 6, 7, TimeZoneInfo.Local.GetUtcOffset(new DateTime(2026, 3, 4)));

    private static readonly RunFolder Run = new(Path.GetFullPath("dapr.yaml"));

    private readonly TempFolder _folder = new();
    private readonly StringWriter _console = new();

    [Fact]
    public async Task Lines_of_an_app_go_to_the_console_with_its_name_and_to_its_file_without()
    {
        await using (var log = new RunLog(_console, colored: false))
            await LogFiles.ForApp(log, Run, App("orders"), 0, Started).WriteAsync("hello");

        Assert.Equal("== APP - orders == hello\n", _console.ToString());
        Assert.Equal("hello\n", File.ReadAllText(_folder.File(".dapr/logs/orders_app_20260304050607.log")));
    }

    [Fact]
    public async Task Lines_of_a_sidecar_go_to_its_file_only_unless_told_otherwise()
    {
        await using (var log = new RunLog(_console, colored: false))
            LogFiles.ForSidecar(log, Run, App("orders"), 0, Started).Write("up");

        Assert.Empty(_console.ToString());
        Assert.Equal("up\n", File.ReadAllText(_folder.File(".dapr/logs/orders_daprd_20260304050607.log")));
    }

    [Theory]
    [InlineData("console", true, false)]
    [InlineData("file", false, true)]
    [InlineData("fileAndConsole", true, true)]
    public async Task The_destination_of_the_template_decides(string destination, bool console, bool file)
    {
        await using (var log = new RunLog(_console, colored: false))
            await LogFiles.ForApp(log, Run, App("a") with { AppLogDestination = destination }, 0, Started).WriteAsync("x");

        Assert.Equal(console, _console.ToString().Length > 0);
        Assert.Equal(file, Directory.Exists(_folder.File(".dapr/logs")));
    }

    [Fact]
    public async Task On_a_terminal_each_app_has_a_colour_of_its_own_and_only_its_label_is_coloured()
    {
        await using (var log = new RunLog(_console, colored: true))
        {
            await LogFiles.ForApp(log, Run, App("a"), 0, Started).WriteAsync("x");
            await LogFiles.ForApp(log, Run, App("b"), 1, Started).WriteAsync("x");
        }

        var colors = Regex.Matches(_console.ToString(), "^\e\\[(\\d+)m== APP - . == \e\\[0mx$", RegexOptions.Multiline);
        Assert.Equal(2, colors.Select(match => match.Groups[1].Value).Distinct().Count());
    }

    [Theory]
    [InlineData(false, null, "xterm", true)]
    [InlineData(true, null, "xterm", false)]
    [InlineData(false, "1", "xterm", false)]
    [InlineData(false, null, "dumb", false)]
    public void Colour_needs_a_terminal_that_wants_it(bool redirected, string? noColor, string term, bool colored) =>
        Assert.Equal(colored, LogFiles.IsColored(redirected, name => name == "NO_COLOR" ? noColor : term));

    [Fact]
    public async Task Lines_written_at_once_are_never_torn()
    {
        const int PerApp = 2000;
        await using (var log = new RunLog(_console, colored: false))
        {
            await Task.WhenAll(Enumerable.Range(0, 4).Select(app => Task.Run(async () =>
            {
                var sink = LogFiles.ForApp(log, Run, App($"app{app}"), app, Started);
                for (var line = 0; line < PerApp; line++)
                    await sink.WriteAsync($"{app} {line}");
            })));
        }

        var lines = _console.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4 * PerApp, lines.Length);
        Assert.All(lines, line => Assert.Matches(@"^== APP - app(\d) == \1 \d+$", line));
    }

    [Fact]
    public async Task A_log_file_that_cannot_be_written_is_told_once_and_the_console_goes_on()
    {
        _folder.Write(".dapr/logs", "a file where the folder should be");
        await using (var log = new RunLog(_console, colored: false))
        {
            var sink = LogFiles.ForApp(log, Run, App("a"), 0, Started);
            await sink.WriteAsync("one");
            await sink.WriteAsync("two");
        }

        Assert.Single(Regex.Matches(_console.ToString(), "cannot write the log file"));
        Assert.Contains("== APP - a == two", _console.ToString());
    }

    [Fact]
    public async Task The_last_lines_are_kept_for_a_report()
    {
        await using var log = new RunLog(_console, colored: false);
        var sink = LogFiles.ForApp(log, Run, App("a"), 0, Started);
        for (var line = 1; line <= 25; line++)
            await sink.WriteAsync($"{line}");

        Assert.Equal(Enumerable.Range(16, 10).Select(line => $"{line}"), sink.LastLines());
    }

    public void Dispose()
    {
        _folder.Dispose();
        _console.Dispose();
    }

    private RunApp App(string id) => new(id, _folder.Path);
}
