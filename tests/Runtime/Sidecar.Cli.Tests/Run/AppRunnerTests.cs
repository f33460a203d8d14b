using System.Net;
using System.Net.Sockets;
using Sidecar.Cli.Logs;
using Sidecar.Cli.Processes;
using Sidecar.Cli.Running;
using Sidecar.Cli.Runs;
using Sidecar.Components;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resources;
using TestSupport;

namespace Sidecar.Cli.Tests.Run;

/// <summary>What is told about an app as time goes by.</summary>
public sealed class AppRunnerTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FakeClock _clock = new();
    private readonly StringWriter _text = new();
    private readonly TextWriter _console;
    private readonly FakeSidecar _sidecar = new();

    public AppRunnerTests() => _console = TextWriter.Synchronized(_text);

    [Fact]
    public async Task An_app_that_does_not_listen_is_told_after_10_s_with_port_and_log_file_and_then_once_a_minute()
    {
        var port = FreePorts.Next();
        await using var log = new RunLog(_console, colored: false);
        await using var app = Start(log, port);

        await AdvanceAsync(TimeSpan.FromSeconds(9));
        Assert.Equal(0, Told());
        Assert.False(app.Settled.IsCompleted);
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => Told() == 1, "the first reminder");
        await app.Settled.WithinAsync("the start to be summed up without the app");
        await AdvanceAsync(TimeSpan.FromSeconds(59));
        Assert.Equal(1, Told());
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => Told() == 2, "the second reminder");

        Assert.Contains($"orders does not listen on 127.0.0.1:{port} after 10.0 s", Text());
        Assert.Contains($"see {_folder.File(".dapr/logs/orders_app_")}", Text());

        int Told() => Text().Split("does not listen").Length - 1;
    }

    [Fact]
    public async Task An_app_that_listens_and_is_not_healthy_points_to_the_log_of_its_sidecar()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var log = new RunLog(_console, colored: false);
        await using var app = Start(log, ((IPEndPoint)listener.LocalEndpoint).Port);

        await AdvanceAsync(TimeSpan.FromSeconds(10));

        await Eventually.TrueAsync(() => Text().Contains($"orders is not healthy after 10.0 s; see {_folder.File(".dapr/logs/orders_daprd_")}", StringComparison.Ordinal), "the reminder");
    }

    [Fact]
    public async Task A_healthy_app_is_told_once_and_never_reminded_of()
    {
        await using var log = new RunLog(_console, colored: false);
        await using var app = Start(log, FreePorts.Next());

        _sidecar.BecomesHealthy.SetResult();
        await app.Settled.WithinAsync("the app to be healthy");
        _clock.Advance(TimeSpan.FromMinutes(10));

        await Eventually.TrueAsync(() => Text().Contains("orders is healthy after 0.0 s", StringComparison.Ordinal), "the line");
        Assert.Single(Text().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task A_sidecar_that_was_stopped_over_its_api_leaves_the_app_alone()
    {
        await using var log = new RunLog(_console, colored: false);
        await using var app = Start(log, 0);

        await _sidecar.AppStarts.Task.WithinAsync("the start of the app");
        _sidecar.Stops.SetResult(0);

        await Eventually.TrueAsync(() => Text().Contains("the sidecar of orders has been stopped", StringComparison.Ordinal), "the line");
        Assert.False(app.Ended.IsCompleted);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _text.Dispose();
    }

    private AppRunner Start(RunLog log, int port)
    {
        var app = new RunApp("orders", _folder.Path) { Command = ["sleep", "1000"], AppPort = port };
        var template = new RunTemplate(_folder.File("dapr.yaml"), "t", [app]);
        var plan = new AppPlan(template, app, new AppPorts(3500, 50001, 0, 0), LogFiles.ForApp(log, new RunFolder(template.File), app, 0, _clock.GetUtcNow()), LogFiles.ForSidecar(log, new RunFolder(template.File), app, 0, _clock.GetUtcNow()));
        var journal = new RunJournal(new RunFolder(template.File), new RunRecord(template.File, "t", ProcessIdentity.Current, _clock.GetUtcNow()));
        var runner = new AppRunner(plan, _sidecar, log, journal, _clock);
        runner.Start(SidecarOptions.ProcessEnvironment(), []);
        return runner;
    }

    private async Task AdvanceAsync(TimeSpan by)
    {
        await Eventually.TrueAsync(() => _clock.ArmedTimers > 0, "the app to be watched");
        _clock.Advance(by);
    }

    private string Text()
    {
        lock (_console)
            return _text.ToString();
    }
}
