using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sidecar.Daprd.Tests;

/// <summary>
/// An app that answers byte for byte what a test says, right or wrong, and keeps the heads of its requests as they came.
/// Strings are Latin-1: one char is one byte. Requests must have no body.
/// </summary>
public sealed class RawApp : IAsyncDisposable
{
    private const string NotFound = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<string, (string Answer, bool ThenCloses)> _answers = new(StringComparer.Ordinal);
    private readonly Task _serving;

    public RawApp()
    {
        _listener.Start();
        _serving = ServeAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public ConcurrentQueue<string> Heads { get; } = new();

    public RawApp On(string path, string answer, bool thenCloses = false)
    {
        _answers[path] = (answer, thenCloses);
        return this;
    }

    /// <summary>Head of the one request to that path.</summary>
    public string HeadOf(string path) => Assert.Single(Heads, head => PathOf(head) == path);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _serving;
        _stopping.Dispose();
    }

    private static string PathOf(string head) => head.Split(' ')[1].Split('?')[0];

    private async Task ServeAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(AnswerAsync(await _listener.AcceptTcpClientAsync(_stopping.Token)));
        }
        catch (Exception stopped) when (stopped is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using var owned = client;
        var reader = new StreamReader(client.GetStream(), Encoding.Latin1);
        try
        {
            while (await ReadHeadAsync(reader) is { } head)
            {
                Heads.Enqueue(head);
                var (answer, thenCloses) = _answers.GetValueOrDefault(PathOf(head), (NotFound, false));
                await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(answer), _stopping.Token);
                if (thenCloses)
                    return;
            }
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException)
        {
            // The sidecar closed the connection, or the test is over.
        }
    }

    private async Task<string?> ReadHeadAsync(StreamReader reader)
    {
        var head = new StringBuilder();
        while (await reader.ReadLineAsync(_stopping.Token) is { } line)
        {
            if (line.Length == 0)
                return head.ToString();
            head.Append(line).Append('\n');
        }

        return null;
    }
}
