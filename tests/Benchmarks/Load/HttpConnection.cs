using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Benchmarks.Load;

/// <summary>
/// A keep-alive connection that knows as little of HTTP as answers of the app and the sidecar need, so that the machine's time
/// goes to them and not to a client.
/// </summary>
internal sealed class HttpConnection : ILoadConnection
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[64 * 1024];

    public static async Task<HttpConnection> OpenAsync(int port)
    {
        var connection = new HttpConnection();
        await connection._socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        return connection;
    }

    /// <summary>Returns the status once the answer is here to its end.</summary>
    public async ValueTask<int> SendAsync(ReadOnlyMemory<byte> request)
    {
        await _socket.SendAsync(request);
        var (received, total) = (0, -1);
        while (total < 0 || received < total)
        {
            var read = await _socket.ReceiveAsync(_buffer.AsMemory(received));
            if (read == 0)
                throw new IOException("the connection was closed before the answer was complete");
            received += read;
            total = Length(_buffer.AsSpan(0, received));
        }

        return int.Parse(_buffer.AsSpan(9, 3), CultureInfo.InvariantCulture);
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Of the whole answer; -1 while that cannot be told.</summary>
    private static int Length(ReadOnlySpan<byte> answer)
    {
        var head = answer.IndexOf("\r\n\r\n"u8);
        if (head < 0)
            return -1;
        var headers = answer[..(head + 2)];
        if (Find(headers, "Content-Length: ") is { IsEmpty: false } length)
            return head + 4 + int.Parse(length, CultureInfo.InvariantCulture);
        if (Find(headers, "Transfer-Encoding: ").IsEmpty)
            return head + 4;
        return answer.EndsWith("\r\n0\r\n\r\n"u8) ? answer.Length : -1;
    }

    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> headers, string name)
    {
        var start = headers.IndexOf(Encoding.ASCII.GetBytes(name));
        if (start < 0)
            return [];
        var value = headers[(start + name.Length)..];
        return value[..value.IndexOf("\r\n"u8)];
    }
}
