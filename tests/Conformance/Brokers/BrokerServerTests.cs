using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using TestSupport;
using TestSupport.Brokers;

namespace Conformance.Brokers;

/// <summary>The servers that all other tests here lean on.</summary>
public sealed class BrokerServerTests
{
    [Theory]
    [InlineData(BrokerKind.Redis)]
    [InlineData(BrokerKind.RabbitMq)]
    [InlineData(BrokerKind.Postgres)]
    public async Task A_server_that_was_killed_starts_again_at_its_port_and_leaves_nothing_at_the_end(BrokerKind kind)
    {
        var server = await BrokerServer.StartAsync(kind);
        var (port, first) = (server.Port, server.Pid);
        await ConnectAsync(port);
        await server.KillAsync();
        await Assert.ThrowsAnyAsync<SocketException>(() => ConnectAsync(port));
        await server.StartAgainAsync();
        await ConnectAsync(port);

        Assert.Equal(port, server.Port);
        Assert.NotEqual(first, server.Pid);
        await server.DisposeAsync();
        await Eventually.TrueAsync(() => !IsAlive(server.Pid), $"the end of {kind}");
        Assert.False(Directory.Exists(server.Folder));
    }

    [Fact]
    public async Task The_kafka_cluster_creates_topics_and_goes_down_and_up()
    {
        await using var server = await BrokerServer.StartAsync(BrokerKind.Kafka);
        await server.TellAsync("topic t 1");
        await server.RestartAsync();
        await Eventually.TrueAsync(
            async () =>
            {
                await ConnectAsync(server.Port);
                return true;
            },
            "the broker to accept again");
    }

    [Fact]
    public async Task A_relay_cuts_refuses_and_accepts_again()
    {
        var server = await BrokerServer.SharedAsync(BrokerKind.Redis);
        await using var relay = new CuttableRelay(server.Port);
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", relay.Port);
        await PingAsync(client);
        relay.Cut();
        await Assert.ThrowsAnyAsync<IOException>(() => PingAsync(client));

        relay.Refuse();
        using var refused = new TcpClient();
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await refused.ConnectAsync("127.0.0.1", relay.Port);
            await PingAsync(refused);
        });
        relay.Accept();
        using var again = new TcpClient();
        await again.ConnectAsync("127.0.0.1", relay.Port);
        await PingAsync(again);
    }

    private static async Task ConnectAsync(int port)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port);
    }

    private static async Task PingAsync(TcpClient client)
    {
        await client.GetStream().WriteAsync("PING\r\n"u8.ToArray());
        var buffer = new byte[64];
        var count = await client.GetStream().ReadAsync(buffer).AsTask().WithinAsync("the answer to PING");
        if (count == 0)
            throw new IOException("closed");
        Assert.StartsWith("-NOAUTH", Encoding.ASCII.GetString(buffer, 0, count), StringComparison.Ordinal);
    }

    private static bool IsAlive(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
