using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Grpc.Tests.Protos;
using Sidecar.Grpc.Tests.Support;
using TestSupport;

namespace Sidecar.Grpc.Tests.BadInput;

/// <summary>Calls that are broken off in every way, ten thousand of them, and what is left afterwards: nothing.</summary>
[Collection(nameof(CountedBuffers))]
public sealed class BrokenCallsTests
{
    private const int Calls = 10_000;
    private const int PerConnection = 100;

    private static readonly ByteString Data = ByteString.CopyFrom(new byte[2000]);

    [Fact]
    public async Task Ten_thousand_calls_that_break_leave_nothing_behind()
    {
        var service = new EchoService();
        await using var host = await GrpcHost.StartAsync(service.Map);
        using var meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var clientMeters = meters.GetRequiredService<IMeterFactory>();
        using var active = new ActiveCounts(
            host.App.Services.GetRequiredService<IMeterFactory>(), clientMeters, "http.server.active_requests", "kestrel.active_connections", "http.client.active_requests");

        var underWay = new ConcurrentBag<GrpcChannel>();
        await Parallel.ForEachAsync(Enumerable.Range(0, Calls / PerConnection), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (turn, _) =>
        {
            // A connection of its own, which is dropped, one time in two, with most calls still open on it.
            var sockets = new ConcurrentBag<Socket>();
            var handler = GrpcHandler.Create(TimeSpan.FromSeconds(10));
            handler.MeterFactory = clientMeters;
            handler.ConnectCallback = (context, cancellation) => ConnectAsync(context.DnsEndPoint, sockets, cancellation);
            using var invoker = new HttpMessageInvoker(handler);
            var channel = new GrpcChannel(invoker, host.Address);
            underWay.Add(channel);
            var open = new List<Task>();
            for (var call = 0; call < PerConnection; call++)
                open.Add(BreakAsync(channel, call));
            await open[0];
            if (turn % 2 == 0)
                sockets.First().Dispose();
            await Task.WhenAll(open).WithinAsync("the end of calls that were broken off");
        });

        Assert.Equal(Calls / PerConnection, underWay.Count);
        await Eventually.TrueAsync(() => underWay.All(channel => channel.CallsUnderWay == 0));
        await Eventually.TrueAsync(() => host.Server.CallsUnderWay == 0);
        await Eventually.TrueAsync(() => PooledBuffer.Rented == 0);
        await Eventually.TrueAsync(
            () => active.NotZero is "" ? Task.FromResult(true) : throw new InvalidOperationException(active.NotZero), "every count of requests and connections at zero");
        Assert.Equal(3, active.Names);

        // And the server serves.
        Assert.Equal("good", (await host.Channel.UnaryAsync(Echo.Unary, new EchoRequest { Text = "good" })).Text);
    }

    [Fact]
    public async Task A_channel_that_is_disposed_of_while_calls_wait_for_a_connection_leaves_none()
    {
        var service = new EchoService();
        await using var host = await GrpcHost.StartAsync(service.Map);
        var meters = host.App.Services.GetRequiredService<IMeterFactory>();
        using var active = new ActiveCounts(meters, meters, "kestrel.active_connections");
        for (var turn = 0; turn < 50; turn++)
        {
            var channel = GrpcChannel.ForAddress(host.Address);
            var calls = Enumerable.Range(0, 10).Select(_ => channel.CallAsync(Echo.Unary, new EchoRequest()).AsTask()).ToArray();
            channel.Dispose();
            Assert.All(await Task.WhenAll(calls), result => Assert.True(result.IsOK));
            await Assert.ThrowsAsync<ObjectDisposedException>(() => channel.CallAsync(Echo.Unary, new EchoRequest()).AsTask());
            Assert.Equal(0, channel.CallsUnderWay);
        }

        await Eventually.TrueAsync(() => active is { Names: 1, NotZero: "" }, "no connection left");
    }

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint target, ConcurrentBag<Socket> sockets, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(target, cancellationToken);
        sockets.Add(socket);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static Task BreakAsync(GrpcChannel channel, int turn) => (turn % 6) switch
    {
        0 => DisposeInMidStreamAsync(channel),
        1 => CancelInMidStreamAsync(channel),
        2 => DeadlineAsync(channel, TimeSpan.FromMilliseconds(1 + (turn / 5))),
        3 => DisposeAtOnceAsync(channel),
        4 => LeaveUnreadAsync(channel),
        _ => FailAsync(channel),
    };

    private static async Task DisposeInMidStreamAsync(GrpcChannel channel)
    {
        await using var call = channel.OpenDuplex(Echo.Duplex);
        if (await call.WriteAsync(new EchoRequest { Data = Data }))
            await call.ReadAsync();
        _ = call.ReadAsync().AsTask();
    }

    private static async Task CancelInMidStreamAsync(GrpcChannel channel)
    {
        using var source = new CancellationTokenSource();
        await using var call = channel.OpenServerStreaming(Echo.ServerStream, new EchoRequest { Behave = "forever", Data = Data }, default, source.Token);
        await call.ReadAsync();
        await source.CancelAsync();
        while (await call.ReadAsync())
        {
        }
    }

    private static async Task DeadlineAsync(GrpcChannel channel, TimeSpan timeout)
    {
        var result = await channel.CallAsync(Echo.Unary, new EchoRequest { Behave = "wait" }, new CallOptions { Timeout = timeout });
        Assert.False(result.IsOK);
    }

    private static async Task DisposeAtOnceAsync(GrpcChannel channel)
    {
        var call = channel.OpenClientStreaming(Echo.ClientStream);
        var writing = call.WriteAsync(new EchoRequest { Data = Data });
        await call.DisposeAsync();
        await writing;
    }

    // The server fills the window and waits for room that never comes.
    private static async Task LeaveUnreadAsync(GrpcChannel channel)
    {
        await using var call = channel.OpenServerStreaming(Echo.ServerStream, new EchoRequest { Behave = "forever", Data = Data });
        await call.HeadersAsync();
    }

    private static async Task FailAsync(GrpcChannel channel)
    {
        await using var call = channel.OpenDuplex(Echo.Duplex);
        await call.WriteAsync(new EchoRequest { Behave = "fail", Count = (int)StatusCode.Aborted, Text = "no" });
        while (await call.ReadAsync())
        {
        }

        Assert.False(call.Status!.IsOK);
    }

    private sealed class ActiveCounts : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<string, long> _counts = new(StringComparer.Ordinal);

        public ActiveCounts(IMeterFactory server, IMeterFactory client, params string[] names)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if ((instrument.Meter.Scope == server || instrument.Meter.Scope == client) && names.Contains(instrument.Name))
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((instrument, change, _, _) =>
                _counts.AddOrUpdate(instrument.Name, change, (_, count) => count + change));
            _listener.Start();
        }

        public int Names => _counts.Count;

        public string NotZero => string.Join(", ", _counts.Where(entry => entry.Value != 0));

        public void Dispose() => _listener.Dispose();
    }
}
