using System.Net.Sockets;
using System.Text.Json.Nodes;
using TestSupport;

namespace Sidecar.Cli.Tests.Run;

/// <summary>What a template says of a sidecar reaches it, in the run's process as in one of its own.</summary>
public sealed class SidecarSettingsTests : RunFixture
{
    [Theory]
    [InlineData("a")]
    [InlineData("b", "--isolated")]
    public async Task Health_checks_limits_call_log_and_socket_file_are_those_of_the_template(string id, params string[] mode)
    {
        await using var app = await TestApp.StartAsync(app => app.On("/alive", 200));
        var template = Template(id, "", $"""
            appPort: {app.Port}
            enableAppHealthCheck: true
            appHealthCheckPath: /alive
            appHealthProbeInterval: 7
            appHealthProbeTimeout: 250
            appHealthThreshold: 9
            appMaxConcurrency: 2
            enableApiLogging: true
            unixDomainSocket: s
            """);
        await using var run = DaprCli.Start(Folder, ["run", "-f", template, .. mode]);
        await app.NextAsync("/alive");
        using var client = Through(Folder.File($"{id}/s/dapr-{id}-http.socket"));

        var metadata = JsonNode.Parse(await client.GetStringAsync(new Uri("http://any/v1.0/metadata")))!;

        Assert.Equal(
            """{"healthCheckPath":"/alive","healthProbeInterval":"7s","healthProbeTimeout":"250ms","healthThreshold":9}""",
            metadata["appConnectionProperties"]!["health"]!.ToJsonString());
        Assert.Equal(2, (int?)metadata["appConnectionProperties"]!["maxConcurrency"]);
        await Eventually.TrueAsync(
            () => Directory.GetFiles(Folder.File(id), "*daprd*", SearchOption.AllDirectories).Any(log => Read(log).Contains("HTTP API Called", StringComparison.Ordinal)),
            "the call in the sidecar's log");
        Assert.DoesNotContain("has no effect", run.Output);
        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));
        Assert.False(File.Exists(Folder.File($"{id}/s/dapr-{id}-http.socket")));
    }

    [Fact]
    public async Task A_run_that_is_stopped_while_it_starts_leaves_no_socket_file()
    {
        var template = Template("c", "", "unixDomainSocket: s");
        var file = Folder.File("c/s/dapr-c-http.socket");
        await using var run = DaprCli.Start(Folder, ["run", "-f", template, "--isolated"]);
        await Eventually.TrueAsync(() => File.Exists(file), "the sidecar's socket file");

        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));

        Assert.False(File.Exists(file));
    }

    private static string Read(string file)
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
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
