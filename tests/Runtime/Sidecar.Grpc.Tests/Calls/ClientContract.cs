using Google.Protobuf;
using Google.Rpc;
using Sidecar.Grpc.Tests.Protos;
using Sidecar.Grpc.Tests.Support;
using TestSupport;

namespace Sidecar.Grpc.Tests.Calls;

/// <summary>What our client does with any server that is right.</summary>
public abstract class ClientContract : IAsyncLifetime
{
    private IEchoServer _server = null!;
    private GrpcChannel _channel = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await StartServerAsync();
        _channel = GrpcChannel.ForAddress(_server.Address);
    }

    public async ValueTask DisposeAsync()
    {
        if (_channel is null)
            return;
        _channel.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_unary_call_has_an_answer()
    {
        var reply = await _channel.UnaryAsync(Echo.Unary, new EchoRequest { Text = "grüße", Data = ByteString.CopyFrom(0, 255) });
        Assert.Equal(new EchoReply { Text = "grüße", Data = ByteString.CopyFrom(0, 255) }, reply);
        Assert.Equal(0, _channel.CallsUnderWay);
    }

    [Fact]
    public async Task An_empty_message_is_a_message()
    {
        Assert.Equal(new EchoReply(), await _channel.UnaryAsync(Echo.Unary, new EchoRequest()));
    }

    [Fact]
    public async Task A_failure_has_code_message_details_and_trailers()
    {
        var failure = await Assert.ThrowsAsync<GrpcException>(() =>
            _channel.UnaryAsync(Echo.Unary, new EchoRequest { Behave = "fail", Count = (int)StatusCode.NotFound, Text = "no such thing: 100% ☃\n" }));
        Assert.Equal(StatusCode.NotFound, failure.Code);
        Assert.Equal("no such thing: 100% ☃\n", failure.Status.Message);
        Assert.Equal("REASON", failure.Status.Detail<ErrorInfo>()?.Reason);
        Assert.Equal("välue", failure.Status.Detail<ErrorInfo>()?.Metadata["key"]);
        Assert.Equal("one", failure.Status.Detail<ResourceInfo>()?.ResourceName);
        Assert.Equal("a trailer", failure.Trailers.Get("after"));
        Assert.Equal([0, 1, 255], failure.Trailers.GetBytes("after-bin")!);
    }

    [Fact]
    public async Task Every_code_comes_back()
    {
        foreach (var code in Enum.GetValues<StatusCode>().Where(code => code != StatusCode.OK))
        {
            var result = await _channel.CallAsync(Echo.Unary, new EchoRequest { Behave = "fail", Count = (int)code, Text = "no" });
            Assert.Equal(code, result.Status.Code);
        }
    }

    [Fact]
    public async Task Metadata_goes_both_ways()
    {
        Grpc.Metadata metadata = [new("x-text", "one"), new("x-text", "two"), new("x-data-bin", [0, 1, 2, 250]), new("x-empty-bin", [])];
        var result = await _channel.CallAsync(Echo.Unary, new EchoRequest { Behave = "metadata" }, new CallOptions { Metadata = metadata });
        Assert.True(result.IsOK, result.Status.ToString());

        // A repeated text may arrive as one, joined; HTTP says that this is the same.
        Assert.Equal("one, two", string.Join(", ", result.Headers.GetAll("x-text").Select(entry => entry.Value)));
        Assert.Equal([0, 1, 2, 250], result.Headers.GetBytes("x-data-bin")!);
        Assert.Equal([0, 1, 2, 250], result.Trailers.GetBytes("tx-data-bin")!);
        Assert.Equal([], result.Headers.GetBytes("x-empty-bin")!);
        Assert.Equal("one, two", string.Join(", ", result.Trailers.GetAll("tx-text").Select(entry => entry.Value)));
    }

    [Fact]
    public async Task A_server_stream_comes_in_order_and_ends()
    {
        await using var call = _channel.OpenServerStreaming(Echo.ServerStream, new EchoRequest { Text = "m", Count = 1000 });
        var counts = new List<int>();
        await foreach (var reply in call.ReadAllAsync())
            counts.Add(reply.Count);
        Assert.Equal(Enumerable.Range(0, 1000), counts);
        Assert.True(call.Status!.IsOK);
        Assert.Equal(0, _channel.CallsUnderWay);
    }

    [Fact]
    public async Task An_empty_stream_ends()
    {
        await using var call = _channel.OpenServerStreaming(Echo.ServerStream, new EchoRequest());
        Assert.False(await call.ReadAsync());
        Assert.True(call.Status!.IsOK);
    }

    [Fact]
    public async Task A_stream_that_fails_gives_what_came_before()
    {
        await using var call = _channel.OpenServerStreaming(Echo.ServerStream, new EchoRequest { Behave = "fail-after", Count = 3, Text = "broken" });
        for (var count = 0; count < 3; count++)
            Assert.True(await call.ReadAsync());
        Assert.False(await call.ReadAsync());
        Assert.Equal((StatusCode.Aborted, "broken"), (call.Status!.Code, call.Status.Message));
    }

    [Fact]
    public async Task A_client_stream_has_one_answer()
    {
        await using var call = _channel.OpenClientStreaming(Echo.ClientStream);
        for (var count = 0; count < 100; count++)
            Assert.True(await call.WriteAsync(new EchoRequest { Text = "a" }));
        await call.CompleteAsync();
        var reply = await call.ResponseAsync();
        Assert.Equal((100, new string('a', 100)), (reply.Count, reply.Text));
    }

    [Fact]
    public async Task A_client_stream_that_fails_stops_the_writer()
    {
        await using var call = _channel.OpenClientStreaming(Echo.ClientStream);
        Assert.True(await call.WriteAsync(new EchoRequest { Behave = "fail", Count = (int)StatusCode.DataLoss, Text = "no" }));
        await Eventually.TrueAsync(async () => !await call.WriteAsync(new EchoRequest { Text = "more" }), "a write that says that the call has ended");
        var failure = await Assert.ThrowsAsync<GrpcException>(() => call.ResponseAsync());
        Assert.Equal(StatusCode.DataLoss, failure.Code);
    }

    [Fact]
    public async Task A_duplex_call_answers_message_by_message()
    {
        await using var call = _channel.OpenDuplex(Echo.Duplex);
        for (var count = 0; count < 100; count++)
        {
            Assert.True(await call.WriteAsync(new EchoRequest { Count = count }));
            Assert.True(await call.ReadAsync().AsTask().WithinAsync("an answer"));
            Assert.Equal(count, call.Current.Count);
        }

        await call.CompleteAsync();
        Assert.False(await call.ReadAsync());
        Assert.True(call.Status!.IsOK);
    }

    [Fact]
    public async Task A_duplex_call_with_a_large_message_each_way()
    {
        await using var call = _channel.OpenDuplex(Echo.Duplex);
        var data = new byte[3_000_000];
        Random.Shared.NextBytes(data);
        var writing = call.WriteAsync(new EchoRequest { Data = ByteString.CopyFrom(data) });
        Assert.True(await call.ReadAsync().AsTask().WithinAsync("the large answer"));
        Assert.True(await writing);
        Assert.Equal(data, call.Current.Data.ToByteArray());
    }

    [Fact]
    public async Task A_deadline_that_passes_ends_the_call_here_and_there()
    {
        // The connection is made before, so that the call is there before its end.
        Assert.True((await _channel.CallAsync(Echo.Unary, new EchoRequest())).IsOK);
        var noticed = _server.CancelledAsync("Unary");
        var results = await Eventually.RepeatAsync(
            () => _channel.CallAsync(Echo.Unary, new EchoRequest { Behave = "wait" }, new CallOptions { Timeout = TimeSpan.FromSeconds(1) }).AsTask().WithinAsync("the deadline"),
            () => noticed.IsCompleted,
            "the server's notice of the deadline");
        await noticed;
        Assert.All(results, result => Assert.Equal(StatusCode.DeadlineExceeded, result.Status.Code));
    }

    [Fact]
    public async Task The_server_is_told_the_deadline()
    {
        Assert.Equal("some", (await _channel.UnaryAsync(Echo.Unary, new EchoRequest { Behave = "deadline" }, new CallOptions { Timeout = TimeSpan.FromHours(1) })).Text);
        Assert.Equal("none", (await _channel.UnaryAsync(Echo.Unary, new EchoRequest { Behave = "deadline" })).Text);
    }

    [Fact]
    public async Task A_deadline_that_has_passed_needs_no_server()
    {
        var result = await _channel.CallAsync(Echo.Unary, new EchoRequest(), new CallOptions { Timeout = TimeSpan.Zero });
        Assert.Equal(StatusCode.DeadlineExceeded, result.Status.Code);
    }

    [Fact]
    public async Task A_token_that_fires_ends_a_unary_call_here_and_there()
    {
        using var source = new CancellationTokenSource();
        await using var stream = _channel.OpenServerStreaming(Echo.ServerStream, new EchoRequest { Behave = "wait-after", Count = 1 }, default, source.Token);
        Assert.True(await stream.ReadAsync());
        await source.CancelAsync();
        Assert.False(await stream.ReadAsync());
        Assert.Equal(StatusCode.Cancelled, stream.Status!.Code);
        await _server.CancelledAsync("ServerStream").WithinAsync("the server's notice of the cancellation");
    }

    [Fact]
    public async Task A_read_that_is_cancelled_leaves_the_call_open()
    {
        await using var call = _channel.OpenDuplex(Echo.Duplex);
        Assert.True(await call.WriteAsync(new EchoRequest { Count = 1 }));
        Assert.True(await call.ReadAsync());
        using var source = new CancellationTokenSource();
        var reading = call.ReadAsync(source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.AsTask());

        Assert.True(await call.WriteAsync(new EchoRequest { Count = 2 }));
        Assert.True(await call.ReadAsync().AsTask().WithinAsync("the answer after a read that was given up"));
        Assert.Equal(2, call.Current.Count);
    }

    [Fact]
    public async Task A_write_that_is_cancelled_cancels_the_call()
    {
        using var source = new CancellationTokenSource();
        await using var call = _channel.OpenClientStreaming(Echo.ClientStream);
        Assert.True(await call.WriteAsync(new EchoRequest { Behave = "pause" }));

        // Nobody reads there, so the window fills.
        var data = new EchoRequest { Data = ByteString.CopyFrom(new byte[1_000_000]) };
        var writing = Task.Run(async () =>
        {
            while (await call.WriteAsync(data, source.Token))
            {
            }
        });
        await _server.PausedAsync().WithinAsync("the server that reads no more");
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing.WithinAsync("the end of the write"));
        Assert.False(await call.ReadAsync().AsTask().WithinAsync("the end of the call"));
        Assert.Equal(StatusCode.Cancelled, call.Status!.Code);
        await _server.CancelledAsync("ClientStream").WithinAsync("the server's notice of the cancellation");
    }

    [Fact]
    public async Task Disposal_cancels_the_call()
    {
        var call = _channel.OpenDuplex(Echo.Duplex);
        Assert.True(await call.WriteAsync(new EchoRequest()));
        Assert.True(await call.ReadAsync());
        var reading = call.ReadAsync().AsTask();
        await call.DisposeAsync();
        Assert.False(await reading.WithinAsync("the read under way at the disposal"));
        Assert.Equal(StatusCode.Cancelled, call.Status!.Code);
        await _server.CancelledAsync("Duplex").WithinAsync("the server's notice of the disposal");
        await Eventually.TrueAsync(() => _channel.CallsUnderWay == 0);
    }

    [Fact]
    public async Task Requests_are_compressed_when_asked_for()
    {
        var data = ByteString.CopyFrom(new byte[100_000]);
        var reply = await _channel.UnaryAsync(Echo.Unary, new EchoRequest { Data = data }, new CallOptions { Encoding = MessageEncoding.Gzip });
        Assert.Equal(data, reply.Data);
        await using var call = _channel.OpenDuplex(Echo.Duplex, new CallOptions { Encoding = MessageEncoding.Gzip });
        Assert.True(await call.WriteAsync(new EchoRequest { Data = data }));
        Assert.True(await call.ReadAsync());
        Assert.Equal(data, call.Current.Data);
    }

    [Fact]
    public async Task A_response_above_the_limit_is_refused()
    {
        using var small = GrpcChannel.ForAddress(_server.Address, new GrpcChannelOptions { MaxReceiveMessageSize = 1000 });
        var result = await small.CallAsync(Echo.Unary, new EchoRequest { Count = 2000 });
        Assert.Equal(StatusCode.ResourceExhausted, result.Status.Code);
        Assert.True((await small.CallAsync(Echo.Unary, new EchoRequest { Count = 900 })).IsOK);
        Assert.Equal(0, small.CallsUnderWay);
    }

    [Fact]
    public async Task A_method_that_nobody_has_is_unimplemented()
    {
        var raw = GrpcMethod.Raw("sidecar.test.Echo", "Nothing", GrpcMethodKind.Unary);
        Assert.Equal(StatusCode.Unimplemented, (await _channel.CallAsync(raw, ReadOnlyMemory<byte>.Empty)).Status.Code);
    }

    [Fact]
    public async Task Bytes_go_through_without_their_type()
    {
        var raw = GrpcMethod.Raw("sidecar.test.Echo", "Unary", GrpcMethodKind.Unary);
        var reply = await _channel.UnaryAsync(raw, new EchoRequest { Text = "raw" }.ToByteArray());
        Assert.Equal("raw", EchoReply.Parser.ParseFrom(reply.Span).Text);
    }

    [Fact]
    public async Task A_server_that_is_gone_is_unavailable()
    {
        Assert.True((await _channel.CallAsync(Echo.Unary, new EchoRequest())).IsOK);
        await _server.DisposeAsync();
        Assert.Equal(StatusCode.Unavailable, (await _channel.CallAsync(Echo.Unary, new EchoRequest())).Status.Code);
        await using var call = _channel.OpenDuplex(Echo.Duplex);
        Assert.False(await call.ReadAsync());
        Assert.Equal(StatusCode.Unavailable, call.Status!.Code);
    }

    protected abstract Task<IEchoServer> StartServerAsync();
}
