using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Sidecar.Runtime.Tests.Hosting;

/// <param name="IsLast">The server closes the connection behind it.</param>
internal sealed record RawResponse(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body, bool IsLast)
{
    public string Text => Encoding.UTF8.GetString(Body);
}

/// <summary>A bare socket that any bytes can be sent over, and that takes nothing for an answer but HTTP/1.1 by the book.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly TcpClient _client = new() { NoDelay = true };
    private readonly byte[] _buffer = new byte[8192];
    private NetworkStream _stream = null!;
    private int _at;
    private int _end;

    /// <summary>How many answers have come over it.</summary>
    public int Answers { get; private set; }

    public static async Task<RawConnection> OpenAsync(int port)
    {
        var connection = new RawConnection();
        await connection._client.ConnectAsync("127.0.0.1", port);
        connection._stream = connection._client.GetStream();
        return connection;
    }

    /// <param name="isAll">No more will come, which the server is told.</param>
    public async Task SendAsync(byte[] bytes, bool isAll = false)
    {
        try
        {
            await _stream.WriteAsync(bytes);
            if (isAll)
                _client.Client.Shutdown(SocketShutdown.Send);
        }
        catch (Exception closed) when (closed is IOException or SocketException)
        {
            // At once after the answer to a request that was refused.
        }
    }

    /// <summary>The next answer that is none of those in between; null when the server has closed the connection before one.</summary>
    /// <exception cref="FormatException">It is not HTTP, or ends in the middle.</exception>
    public async Task<RawResponse?> ReadAsync(string verb)
    {
        while (true)
        {
            if (!await FillAsync())
                return null;
            var first = await LineAsync();
            if (first.Split(' ', 3) is not ["HTTP/1.1", { Length: 3 } code, ..] || !int.TryParse(code, NumberStyles.None, CultureInfo.InvariantCulture, out var status) || status is < 100 or > 599)
                throw new FormatException($"'{first}' is no status line");
            var headers = await HeadersAsync();
            if (status < 200)
                continue;
            var (body, isLast) = await BodyAsync(verb, status, headers);
            Answers++;
            return new RawResponse(status, headers, body, isLast || headers.GetValueOrDefault("connection")?.Contains("close", StringComparison.OrdinalIgnoreCase) == true);
        }
    }

    /// <summary>Reads what is left until the server closes the connection.</summary>
    public async Task DrainAsync()
    {
        do
            _at = _end;
        while (await FillAsync());
    }

    public void Dispose() => _client.Dispose();

    private async Task<Dictionary<string, string>> HeadersAsync()
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        for (var line = await LineAsync(); line.Length > 0; line = await LineAsync())
        {
            if (line.Split(':', 2) is not [{ Length: > 0 } name, var value] || name.Contains(' ', StringComparison.Ordinal))
                throw new FormatException($"'{line}' is no header");
            headers[name] = value.Trim();
        }

        return headers;
    }

    private async Task<(byte[] Body, bool IsLast)> BodyAsync(string verb, int status, Dictionary<string, string> headers)
    {
        if (verb == "HEAD" || status is 204 or 304)
            return ([], false);
        var body = new List<byte>();
        if (headers.GetValueOrDefault("transfer-encoding") == "chunked")
        {
            for (var size = await SizeAsync(); size > 0; size = await SizeAsync())
            {
                await TakeAsync(size, body);
                if (await LineAsync() is { Length: > 0 } rest)
                    throw new FormatException($"'{rest}' after a chunk");
            }

            await HeadersAsync();
            return ([.. body], false);
        }

        if (headers.TryGetValue("content-length", out var length))
        {
            await TakeAsync(int.Parse(length, NumberStyles.None, CultureInfo.InvariantCulture), body);
            return ([.. body], false);
        }

        while (await FillAsync())
            await TakeAsync(_end - _at, body);
        return ([.. body], true);
    }

    private async Task<int> SizeAsync() => int.Parse(await LineAsync(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private async Task TakeAsync(int count, List<byte> body)
    {
        while (count > 0)
        {
            if (!await FillAsync())
                throw new FormatException($"{count} bytes of a body are missing");
            var taken = Math.Min(count, _end - _at);
            body.AddRange(_buffer.AsSpan(_at, taken));
            _at += taken;
            count -= taken;
        }
    }

    private async Task<string> LineAsync()
    {
        var line = new StringBuilder();
        while (true)
        {
            if (!await FillAsync())
                throw new FormatException($"the connection ends behind '{line}'");
            var next = (char)_buffer[_at++];
            if (next == '\n')
                return line.Length > 0 && line[^1] == '\r' ? line.ToString(0, line.Length - 1) : throw new FormatException($"'{line}' ends without CR");
            line.Append(next);
        }
    }

    /// <summary>False at the end.</summary>
    private async ValueTask<bool> FillAsync()
    {
        if (_at < _end)
            return true;
        try
        {
            (_at, _end) = (0, await _stream.ReadAsync(_buffer));
        }
        catch (Exception closed) when (closed is IOException or SocketException)
        {
            (_at, _end) = (0, 0);
        }

        return _end > 0;
    }
}
