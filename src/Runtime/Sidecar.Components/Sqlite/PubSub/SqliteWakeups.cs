using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Sidecar.Components.Sqlite;

/// <summary>
/// Tells other processes, by a datagram to the loopback ports of their brokers, that a topic has something new. A datagram
/// carries the topic, or nothing for all of them. It may get lost, and anybody on this machine may send one: it only makes
/// the receiver look into the file.
/// </summary>
internal sealed class SqliteWakeups : IAsyncDisposable
{
    private const int LongestTopic = 1024;
    private static readonly TimeSpan PortsStayFresh = TimeSpan.FromSeconds(1);

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Signal _news = new();
    private readonly HashSet<string> _topics = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly Func<CancellationToken, Task<IReadOnlyList<SqliteConsumer>>> _listConsumers;
    private readonly Action<string> _wake;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Task _sending;
    private readonly Task _receiving;
    private volatile List<IPEndPoint> _ports = [];
    private long _portsRead;
    private int _greetings;

    public SqliteWakeups(Func<CancellationToken, Task<IReadOnlyList<SqliteConsumer>>> listConsumers, Action<string> wake, TimeProvider time, ILogger logger)
    {
        (_listConsumers, _wake, _time, _logger) = (listConsumers, wake, time, logger);
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Port = ((IPEndPoint)_socket.LocalEndPoint!).Port;
        _sending = SendAsync();
        _receiving = ReceiveAsync();
    }

    public int Port { get; }

    private bool ArePortsFresh => Volatile.Read(ref _portsRead) is var read && read != 0 && _time.GetElapsedTime(read) < PortsStayFresh;

    /// <summary>Returns at once; many calls in a row become one datagram per topic.</summary>
    public void Announce(string topic)
    {
        // Whoever joins says so, and finds in the file what was published before.
        if (topic.Length > 0 && ArePortsFresh && _ports.Count == 0)
            return;
        lock (_lock)
            _topics.Add(topic);
        _news.Set();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _sending.ConfigureAwait(false);
        await _receiving.ConfigureAwait(false);
        _socket.Dispose();
        _stopping.Dispose();
    }

    private async Task SendAsync()
    {
        try
        {
            while (true)
            {
                await _news.WaitAsync(_stopping.Token).ConfigureAwait(false);
                try
                {
                    await RefreshPortsAsync().ConfigureAwait(false);
                    await SendToAllAsync(TakeTopics()).ConfigureAwait(false);
                }
                catch (Exception failure) when (failure is SocketException or ComponentException)
                {
                    SqliteTopicLog.WakeUpFailed(_logger, failure);
                }
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException)
        {
            // Stopping.
        }
    }

    private string[] TakeTopics()
    {
        lock (_lock)
        {
            string[] topics = [.. _topics];
            _topics.Clear();
            return topics;
        }
    }

    private async Task SendToAllAsync(string[] topics)
    {
        foreach (var topic in topics)
        {
            var text = Encoding.UTF8.GetBytes(topic);
            var datagram = text.Length > LongestTopic ? [] : text;
            foreach (var port in _ports)
                await _socket.SendToAsync(datagram, SocketFlags.None, port, _stopping.Token).ConfigureAwait(false);
        }
    }

    private async Task RefreshPortsAsync()
    {
        if (ArePortsFresh)
            return;
        var (greetings, now) = (Volatile.Read(ref _greetings), _time.GetTimestamp());
        var consumers = await _listConsumers(_stopping.Token).ConfigureAwait(false);
        _ports = [.. consumers.Where(consumer => consumer.Port != Port && consumer.Port != 0).Select(consumer => new IPEndPoint(IPAddress.Loopback, consumer.Port))];
        Volatile.Write(ref _portsRead, now);

        // Who joined while the list was read may not be in it.
        if (Volatile.Read(ref _greetings) != greetings)
            Volatile.Write(ref _portsRead, 0);
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[LongestTopic];
        var anyone = new IPEndPoint(IPAddress.Any, 0);
        try
        {
            while (true)
            {
                try
                {
                    var received = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, anyone, _stopping.Token).ConfigureAwait(false);

                    // A broker that joins greets all others: it has a port they do not know yet.
                    if (received.ReceivedBytes == 0)
                    {
                        Interlocked.Increment(ref _greetings);
                        Volatile.Write(ref _portsRead, 0);
                    }

                    _wake(Encoding.UTF8.GetString(buffer, 0, received.ReceivedBytes));
                }
                catch (SocketException failure)
                {
                    // The answer to a datagram of ours whose receiver is gone, or one that was too long.
                    SqliteTopicLog.WakeUpFailed(_logger, failure);
                }
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException)
        {
            // Stopping.
        }
    }
}
