using System.Net;
using System.Net.Sockets;
using TestSupport;

namespace Sidecar.Daprd.Tests;

/// <summary>Flags whose effect only a process of its own shows (contract 1.1).</summary>
public sealed class FlagTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Wait_returns_0_as_soon_as_the_sidecar_serves()
    {
        var port = FreePorts.Next();
        await using var waiting = TestProcess.Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "daprd.dll"), "--wait", "--dapr-http-port", $"{port}"]);
        await using var app = TestApp.NotListening();

        // Its app never comes up, which is nothing to wait for.
        await using var daprd = DaprdProcess.Start(_folder, "me", app.Port, httpPort: port);

        Assert.Equal(0, await waiting.ExitAsync());
        await daprd.Process.LineAsync("waiting for the application");
    }

    [Fact]
    [Contract(167)]
    public async Task A_signal_leaves_the_api_up_for_the_time_that_shutdown_is_blocked()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/x", 200, "still").On("/healthz", 200));
        await using var daprd = await DaprdProcess.StartHealthyAsync(
            _folder, "me", app.Port,
            ["--dapr-block-shutdown-duration", "1h", "--enable-app-health-check", "--app-health-probe-interval", "2", "--app-health-probe-timeout", "2000", "--app-health-threshold", "4"]);
        await daprd.Process.LineAsync("App entered healthy status");

        await daprd.Process.SignalAsync("TERM");
        await daprd.Process.LineAsync("Blocking graceful shutdown");
        Assert.Equal("still", await daprd.Client.GetStringAsync("/v1.0/invoke/me/method/x"));
        app.On("/healthz", 503);

        Assert.Equal(0, await daprd.Process.ExitAsync());
        Assert.Contains("App reported unhealthy, entering shutdown", daprd.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_killed_sidecar_leaves_a_socket_file_that_the_next_one_replaces()
    {
        var file = _folder.File("s/dapr-me-http.socket");
        string[] flags = ["--unix-domain-socket", _folder.File("s")];
        await using (var killed = DaprdProcess.Start(_folder, "me", flags: flags))
        {
            await killed.Process.LineAsync("dapr initialized");
            killed.Process.KillAlone();
            await killed.Process.ExitAsync();
        }

        Assert.True(File.Exists(file));
        await using var daprd = DaprdProcess.Start(_folder, "me", flags: flags);
        await daprd.Process.LineAsync("dapr initialized");
        using var client = Through(file);

        Assert.Equal(HttpStatusCode.NoContent, (await client.GetAsync(new Uri("http://any/v1.0/healthz"))).StatusCode);
        await daprd.Process.SignalAsync("TERM");
        Assert.Equal(0, await daprd.Process.ExitAsync());
        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task Sidecars_call_each_other_over_a_socket_file_and_by_an_address_of_all_interfaces()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/x", 200, "found"));
        await using var callee = await DaprdProcess.StartHealthyAsync(
            _folder, "callee", app.Port, ["--dapr-internal-grpc-listen-address", "0.0.0.0"], new Dictionary<string, string?> { ["DAPR_HOST_IP"] = "127.0.0.1" });
        await using var caller = DaprdProcess.Start(_folder, "caller", flags: ["--unix-domain-socket", _folder.File("s")]);
        await caller.Process.LineAsync("dapr initialized");
        using var client = Through(_folder.File("s/dapr-caller-http.socket"));

        Assert.Equal("found", await client.GetStringAsync(new Uri("http://any/v1.0/invoke/callee/method/x")));
        Assert.False((await app.NextAsync("/x")).Headers.ContainsKey("X-Forwarded-For"));
    }

    [Fact]
    public async Task Flags_without_effect_yet_are_one_line_and_no_others_are_in_it()
    {
        await using var daprd = await DaprdProcess.StartHealthyAsync(
            _folder, "me", flags: ["--enable-metrics=false", "--placement-host-address", "localhost:50005", "--app-max-concurrency", "3", "--allowed-origins", "*", "--enable-api-logging"]);

        const string Line = "these flags have no effect yet: --enable-metrics, --placement-host-address";
        await daprd.Process.LineAsync(line => line.EndsWith(Line, StringComparison.Ordinal), $"a line that ends in '{Line}'");
    }

    [Theory]
    [InlineData("--dapr-block-shutdown-duration=soon", "--dapr-block-shutdown-duration is 'soon'")]
    [InlineData("--app-health-threshold=many", "--app-health-threshold is 'many'")]
    [InlineData("--dapr-public-listen-address=nowhere", "--dapr-public-listen-address 'nowhere' is not an IP address")]
    [InlineData("--disable-init-endpoints=all", "--disable-init-endpoints 'all' is neither config nor subscribe")]
    [InlineData("--enable-mtls", "--enable-mtls needs --identity-folder")]
    [InlineData("--identity-folder=identity", "--identity-folder needs --enable-mtls")]
    public async Task A_wrong_value_ends_it_with_1_and_is_named(string flag, string message)
    {
        await using var daprd = DaprdProcess.Start(_folder, "me", flags: [flag]);

        Assert.Equal(1, await daprd.Process.ExitAsync());
        Assert.Contains(message, daprd.Output, StringComparison.Ordinal);
    }

    private static HttpClient Through(string file) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(file), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });
}
