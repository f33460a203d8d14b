using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using TestSupport;

namespace Sidecar.Components.Tests.Kafka;

/// <summary>
/// As much of a Kafka broker as refuses credentials, and keeps them. A request is a size, then key, version and number of the call (2, 2 and 4
/// bytes, big-endian), then what does not matter here; an answer is a size, that number, and the body.
/// </summary>
internal sealed class RefusingBroker : IAsyncDisposable
{
    private const short SaslHandshake = 17;
    private const short ApiVersions = 18;
    private const short SaslAuthenticate = 36;
    private const short UnsupportedVersion = 35;
    private const short SaslAuthenticationFailed = 58;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _serving;
    private readonly Channel<string> _credentials = Channel.CreateUnbounded<string>();

    public RefusingBroker()
    {
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _serving = ServeAsync();
    }

    public int Port { get; }

    /// <summary>What a client next proves itself with.</summary>
    public Task<string> CredentialsAsync() => _credentials.Reader.ReadAsync().AsTask().WithinAsync("a client that authenticates");

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving;
    }

    private async Task ServeAsync()
    {
        List<Task> connections = [];
        try
        {
            while (true)
                connections.Add(AnswerAsync(await _listener.AcceptTcpClientAsync()));
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                var size = new byte[4];
                while (true)
                {
                    await stream.ReadExactlyAsync(size);
                    var request = new byte[BinaryPrimitives.ReadInt32BigEndian(size)];
                    await stream.ReadExactlyAsync(request);
                    var call = BinaryPrimitives.ReadInt16BigEndian(request);
                    if (call == SaslAuthenticate)
                        _credentials.Writer.TryWrite(Encoding.UTF8.GetString(request));
                    var body = BodyFor(call, BinaryPrimitives.ReadInt16BigEndian(request.AsSpan(2)));
                    byte[] answer = [.. Int32(4 + body.Length), .. request.AsSpan(4, 4), .. body];
                    await stream.WriteAsync(answer);
                }
            }
            catch (IOException)
            {
                // The client has gone.
            }
        }
    }

    private static byte[] BodyFor(short call, short version) => call switch
    {
        ApiVersions when version > 0 => [.. Int16(UnsupportedVersion), .. Int32(0)],
        ApiVersions => [.. Int16(0), .. Int32(4), .. Range(3, 4), .. Range(SaslHandshake, 1), .. Range(ApiVersions, 0), .. Range(SaslAuthenticate, 0)],
        SaslHandshake => [.. Int16(0), .. Int32(2), .. Text("PLAIN"), .. Text("OAUTHBEARER")],
        SaslAuthenticate => [.. Int16(SaslAuthenticationFailed), .. Text("no such user"), .. Int32(0)],
        _ => throw new IOException($"call {call} is not known here"),
    };

    private static byte[] Range(short call, short last) => [.. Int16(call), .. Int16(0), .. Int16(last)];

    private static byte[] Text(string text) => [.. Int16((short)text.Length), .. Encoding.UTF8.GetBytes(text)];

    private static byte[] Int16(short number)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteInt16BigEndian(bytes, number);
        return bytes;
    }

    private static byte[] Int32(int number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }
}
