using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Sidecar.Runtime.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Hosting;

/// <summary>Where a sidecar listens: addresses, socket file, public port.</summary>
public sealed class ListenerTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("0.0.0.0", "127.0.0.1")]
    [InlineData("127.0.0.1", "0.0.0.0")]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("[::]", "127.0.0.1", "0.0.0.0", "[::1]")]
    [InlineData("localhost", "0.0.0.0")]
    public async Task An_address_that_another_covers_is_no_conflict(params string[] addresses)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "this machine has no IPv6");
        await using var sidecar = await TestSidecar.StartAsync(_folder, options => options with { ListenAddresses = addresses });

        Assert.Equal(204, (await sidecar.GetAsync("/v1.0/healthz/outbound")).Status);
        Assert.DoesNotContain(sidecar.Log, line => line.Contains("cannot listen", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_api_is_served_at_a_socket_file_in_place_of_the_port_and_the_file_goes_with_it()
    {
        var file = _folder.File("sockets/dapr-me-http.socket");
        await using (var sidecar = await TestSidecar.StartAsync(_folder, WithSocket, handler: Through(file)))
        {
            await sidecar.Instance.Healthy.WithinAsync("health");
            Assert.Equal(204, (await sidecar.GetAsync("/v1.0/healthz")).Status);
            Assert.Equal(500, (await sidecar.GetAsync("/v1.0/invoke/me/method/x")).Status);
            Assert.True(PortOwner.IsFree(sidecar.Instance.HttpPort));
            Assert.Contains(sidecar.Log, line => line.Contains($"HTTP API is served on {file}", StringComparison.Ordinal));
        }

        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task A_socket_file_of_a_dead_process_is_replaced_and_one_that_is_served_is_refused()
    {
        var file = _folder.File("sockets/dapr-me-http.socket");
        Directory.CreateDirectory(_folder.File("sockets"));
        // A process that is killed leaves its file; so does a plain file by that name.
        File.WriteAllText(file, "");
        await using var sidecar = await TestSidecar.StartAsync(_folder, WithSocket, handler: Through(file));

        var failure = await Assert.ThrowsAsync<SidecarStartException>(() => TestSidecar.StartAsync(_folder, WithSocket));

        Assert.Contains($"cannot listen on {file}: another process does", failure.Message, StringComparison.Ordinal);
        Assert.Equal(204, (await sidecar.GetAsync("/v1.0/healthz/outbound")).Status);
    }

    [Fact]
    public async Task A_socket_path_too_long_for_the_system_is_said()
    {
        var failure = await Assert.ThrowsAsync<SidecarStartException>(() => TestSidecar.StartAsync(_folder, options => options with { UnixDomainSocket = new string('a', 200) }));

        Assert.Contains("--unix-domain-socket", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Contract(170)]
    public async Task The_public_port_has_metadata_and_health_without_a_token_and_nothing_else()
    {
        var port = FreePorts.Next();
        await using var sidecar = await TestSidecar.StartAsync(_folder, options => options with { PublicPort = port, Environment = new Dictionary<string, string> { ["DAPR_API_TOKEN"] = "secret" } });
        await sidecar.Instance.Healthy.WithinAsync("health");
        using var open = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };

        var metadata = JsonNode.Parse(await open.GetStringAsync(new Uri("/v1.0/metadata", UriKind.Relative)))!;
        Assert.Equal("me", (string?)metadata["id"]);
        Assert.Equal((string?)metadata["runtimeVersion"], (string?)metadata["extended"]!["daprRuntimeVersion"]);
        Assert.Equal(HttpStatusCode.NoContent, (await open.GetAsync(new Uri("/v1.0/healthz", UriKind.Relative))).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await open.GetAsync(new Uri("/v1.0//healthz/outbound", UriKind.Relative))).StatusCode);
        foreach (var (verb, path, status) in new[] { ("GET", "/v1.0/invoke/me/method/x", 404), ("GET", "/", 404), ("POST", "/v1.0/shutdown", 404), ("POST", "/v1.0/metadata", 405), ("DELETE", "/v1.0/healthz", 405) })
        {
            using var answer = await open.SendAsync(new HttpRequestMessage(new HttpMethod(verb), path));
            Assert.Equal(status, (int)answer.StatusCode);
            Assert.Equal("", await answer.Content.ReadAsStringAsync());
        }

        Assert.Equal(401, (await sidecar.GetAsync("/v1.0/metadata")).Status);
    }

    [Fact]
    public async Task A_public_port_in_use_is_named_with_its_flag()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;

        var failure = await Assert.ThrowsAsync<SidecarStartException>(() => TestSidecar.StartAsync(_folder, options => options with { PublicPort = port }));

        Assert.Contains($"port {port}: it is in use by process {Environment.ProcessId}", failure.Message, StringComparison.Ordinal);
        Assert.Contains("--dapr-public-port", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1", null, "127.0.0.1")]
    [InlineData("10.1.2.3", "10.9.9.9", "10.1.2.3")]
    [InlineData("0.0.0.0", "10.9.9.9", "10.9.9.9")]
    public void Others_are_told_the_address_they_can_reach(string listening, string? hostAddress, string expected) =>
        Assert.Equal(expected, ListenAddress.Advertised(IPAddress.Parse(listening), hostAddress).ToString());

    private SidecarOptions WithSocket(SidecarOptions options) => options with { UnixDomainSocket = "sockets" };

    private static SocketsHttpHandler Through(string file) => new()
    {
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(file), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    };
}
