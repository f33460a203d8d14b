using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Sidecar.Components.Redis;
using TestSupport;

namespace Sidecar.Components.Tests.Redis;

/// <summary>
/// A server that answers as the test says: bytes as they are, so also wrong ones; null = nothing; <see cref="Cut"/> = the end of
/// the connection. PING, AUTH, SELECT, INFO and CLIENT are answered well unless the test answers them itself.
/// </summary>
internal sealed class FakeRedis : IAsyncDisposable
{
    /// <summary>Behind it the connection is closed.</summary>
    public const char Cut = '\u0001';

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<string[], string?> _answer;
    private readonly SslServerAuthenticationOptions? _tls;
    private readonly List<TcpClient> _clients = [];
    private readonly List<string[]> _commands = [];
    private readonly Task _accepting;

    public FakeRedis(Func<string[], string?> answer, SslServerAuthenticationOptions? tls = null)
    {
        (_answer, _tls) = (answer, tls);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public const string NotMine = "not mine";

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Connections
    {
        get
        {
            lock (_clients)
                return _clients.Count;
        }
    }

    /// <summary>What came so far, each as its words with blanks between.</summary>
    public IReadOnlyList<string> Commands
    {
        get
        {
            lock (_commands)
                return [.. _commands.Select(command => string.Join(' ', command))];
        }
    }

    public (string, string)[] Metadata =>
        [("redisHost", $"127.0.0.1:{Port}"), ("redisMinRetryInterval", "1ms"), ("redisMaxRetryInterval", "5ms"), ("readTimeout", "60s"), ("dialTimeout", "60s")];

    public static string Bulk(string text) => $"${Encoding.UTF8.GetByteCount(text)}\r\n{text}\r\n";

    public static string Array(params string[] replies) => $"*{replies.Length}\r\n{string.Concat(replies)}";

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        lock (_clients)
            _clients.ForEach(client => client.Dispose());
        await _accepting.WithinAsync("the end of the fake server");
    }

    private async Task AcceptAsync()
    {
        List<Task> serving = [];
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                client.NoDelay = true;
                lock (_clients)
                    _clients.Add(client);
                serving.Add(ServeAsync(client));
            }
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                Stream stream = client.GetStream();
                if (_tls is not null)
                {
                    var encrypted = new SslStream(stream);
                    await encrypted.AuthenticateAsServerAsync(_tls);
                    stream = encrypted;
                }

                await ServeAsync(stream);
            }
            catch (Exception end) when (end is IOException or ObjectDisposedException or System.Security.Authentication.AuthenticationException)
            {
                // The client has gone.
            }
        }
    }

    private async Task ServeAsync(Stream stream)
    {
        // Commands have the form of an array of bulks, which the parser under test has tests of its own for.
        var parser = new RespParser(RespLimits.Default);
        var gathered = new ArrayBufferWriter<byte>();
        var buffer = new byte[64 * 1024];
        while (await stream.ReadAsync(buffer) is > 0 and var count)
        {
            gathered.Write(buffer.AsSpan(0, count));
            var rest = new ReadOnlySequence<byte>(gathered.WrittenMemory.ToArray());
            while (parser.TryRead(ref rest, out var command))
            {
                if (!await AnswerAsync(stream, [.. command.List.Select(word => word.Text)]))
                    return;
            }

            gathered = new ArrayBufferWriter<byte>();
            gathered.Write(rest.ToArray());
        }
    }

    private async Task<bool> AnswerAsync(Stream stream, string[] command)
    {
        lock (_commands)
            _commands.Add(command);
        var answer = _answer(command);
        if (answer == NotMine)
        {
            answer = command[0] switch
            {
                "PING" => "+PONG\r\n",
                "INFO" => Bulk("connected_slaves:0\r\n"),
                "CLIENT" => ":1\r\n",
                _ => "+OK\r\n",
            };
        }

        if (answer is null)
            return true;
        var isCut = answer.EndsWith(Cut);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(answer.TrimEnd(Cut)));
        return !isCut;
    }
}
