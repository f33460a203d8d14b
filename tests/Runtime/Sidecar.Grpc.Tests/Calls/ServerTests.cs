using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Sidecar.Grpc.Tests.Protos;
using Sidecar.Grpc.Tests.Support;
using TestSupport;

namespace Sidecar.Grpc.Tests.Calls;

/// <summary>What our server does for its handlers.</summary>
public sealed class ServerTests
{
    private readonly EchoService _service = new();

    [Fact]
    public async Task A_failure_as_a_value_is_as_one_that_is_thrown()
    {
        await using var host = await GrpcHost.StartAsync(_service.Map);
        var result = await host.Channel.CallAsync(Echo.Unary, new EchoRequest { Behave = "fail-as-value", Count = 9, Text = "not now" });
        Assert.Equal((StatusCode.FailedPrecondition, "not now", 2), (result.Status.Code, result.Status.Message, result.Status.Details.Count));
        Assert.Equal("a trailer", result.Trailers.Get("after"));
    }

    [Fact]
    public async Task An_exception_that_is_no_status_is_unknown_with_its_message()
    {
        await using var host = await GrpcHost.StartAsync(_service.Map);
        var result = await host.Channel.CallAsync(Echo.Unary, new EchoRequest { Behave = "throw", Text = "oh ☃" });
        Assert.Equal((StatusCode.Unknown, "oh ☃"), (result.Status.Code, result.Status.Message));
    }

    [Fact]
    public async Task A_handler_without_a_message_is_an_internal_failure()
    {
        await using var host = await GrpcHost.StartAsync(_service.Map);
        var result = await host.Channel.CallAsync(Echo.Unary, new EchoRequest { Behave = "null" });
        Assert.Equal(StatusCode.Internal, result.Status.Code);
    }

    [Fact]
    public async Task An_error_before_the_first_message_is_trailers_only_and_one_after_it_is_not()
    {
        await using var host = await GrpcHost.StartAsync(_service.Map);
        var before = await RawCall.SendAsync(host.Address, Echo.Unary.FullName, RawCall.Frame(new EchoRequest { Behave = "fail", Count = 5 }.ToByteArray()));
        Assert.True(before.Response.Headers.Contains("grpc-status"));
        Assert.Empty(before.Response.TrailingHeaders);
        var after = await RawCall.SendAsync(
            host.Address, Echo.ServerStream.FullName, RawCall.Frame(new EchoRequest { Behave = "fail-after", Count = 1 }.ToByteArray()));
        Assert.False(after.Response.Headers.Contains("grpc-status"));
        Assert.Equal(StatusCode.Aborted, after.Code);
    }

    [Fact]
    public async Task The_peer_has_a_name()
    {
        await using var host = await GrpcHost.StartAsync(_service.Map);
        Assert.StartsWith("ipv4:127.0.0.1:", (await host.Channel.UnaryAsync(Echo.Unary, new EchoRequest { Behave = "peer" })).Text);
    }

    [Fact]
    public async Task Deadlines_follow_the_clock_of_the_server()
    {
        var clock = new FakeClock();
        await using var host = await GrpcHost.StartAsync(_service.Map, clock: clock);
        var waiting = RawCall.SendAsync(
            host.Address, Echo.Unary.FullName, RawCall.Frame(new EchoRequest { Behave = "wait" }.ToByteArray()), headers: ("grpc-timeout", "1H"));
        var call = await _service.Waiting.ReadAsync().AsTask().WithinAsync("the call");
        Assert.Equal(clock.GetUtcNow() + TimeSpan.FromHours(1), call.Deadline);
        clock.Advance(TimeSpan.FromMinutes(59));
        Assert.False(call.CancellationToken.IsCancellationRequested);
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(StatusCode.DeadlineExceeded, (await waiting.WithinAsync("the end of the call")).Code);
        Assert.Equal(0, clock.ArmedTimers);
    }

    [Fact]
    public async Task Deadlines_follow_the_clock_of_the_client()
    {
        var clock = new FakeClock();
        await using var host = await GrpcHost.StartAsync(_service.Map, channel: new GrpcChannelOptions { Clock = clock });
        var waiting = host.Channel.CallAsync(Echo.Unary, new EchoRequest { Behave = "wait" }, new CallOptions { Deadline = clock.GetUtcNow() + TimeSpan.FromDays(1) }).AsTask();
        await _service.Waiting.ReadAsync().AsTask().WithinAsync("the call");
        clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(StatusCode.DeadlineExceeded, (await waiting.WithinAsync("the end of the call")).Status.Code);
        Assert.Equal(0, clock.ArmedTimers);
    }

    [Fact]
    public async Task A_stopping_token_of_its_own_takes_the_place_of_the_hosts()
    {
        using var stopping = new CancellationTokenSource();
        await using var host = await GrpcHost.StartAsync(_service.Map, options => options.Stopping = stopping.Token);
        var waiting = host.Channel.CallAsync(Echo.Unary, new EchoRequest { Behave = "wait" }).AsTask();
        await _service.Waiting.ReadAsync().AsTask().WithinAsync("the call");
        await stopping.CancelAsync();
        Assert.Equal(StatusCode.Unavailable, (await waiting.WithinAsync("the end of the call")).Status.Code);
        Assert.False(host.App.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public async Task A_stream_may_be_longer_than_any_body_of_http()
    {
        await using var host = await GrpcHost.StartAsync(_service.Map, kestrel: server => server.Limits.MaxRequestBodySize = 100_000);
        await using var call = host.Channel.OpenClientStreaming(Echo.ClientStream);
        var data = ByteString.CopyFrom(new byte[50_000]);
        for (var count = 0; count < 20; count++)
            Assert.True(await call.WriteAsync(new EchoRequest { Data = data }));
        await call.CompleteAsync();
        Assert.Equal(20, (await call.ResponseAsync()).Count);
    }

    [Fact]
    public async Task Two_writes_at_once_are_refused()
    {
        var second = new TaskCompletionSource<Exception?>();
        await using var host = await GrpcHost.StartAsync(routes => routes.MapServerStreaming(Echo.ServerStream, async (request, replies, _) =>
        {
            // Large enough to fill the window of a client that does not read.
            var first = replies.WriteAsync(new EchoReply { Data = ByteString.CopyFrom(new byte[1_000_000]) });
            second.SetResult(await Record.ExceptionAsync(() => replies.WriteAsync(new EchoReply()).AsTask()));
            await first;
        }));
        await using var call = host.Channel.OpenServerStreaming(Echo.ServerStream, new EchoRequest());
        Assert.IsType<InvalidOperationException>(await second.Task.WithinAsync("the second write"));
        Assert.True(await call.ReadAsync());
        Assert.False(await call.ReadAsync());
    }

    [Fact]
    public async Task A_call_whose_write_is_given_up_ends_though_its_client_does_not_read()
    {
        await using var host = await GrpcHost.StartAsync(routes => routes.MapServerStreaming(Echo.ServerStream, async (_, _, call) =>
        {
            using var given = new CancellationTokenSource();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => call.Response.WriteAsync(new Cancelling(given), new EchoReply { Data = ByteString.CopyFrom(new byte[1_000_000]) }, given.Token).AsTask());
        }));
        await using var call = host.Channel.OpenServerStreaming(Echo.ServerStream, new EchoRequest());

        // Nothing of it comes: the stream is reset, and holds up no stop of the server until somebody takes a megabyte.
        Assert.False(await call.ReadAsync());
        Assert.Equal(StatusCode.Internal, call.Status?.Code);
    }

    [Fact]
    public async Task Filters_may_refuse_and_see_how_calls_end()
    {
        var (outer, inner) = (new Filter("outer"), new Filter("inner"));
        await using var host = await GrpcHost.StartAsync(_service.Map, options =>
        {
            options.Filters.Add(outer);
            options.Filters.Add(inner);
        });
        Assert.True((await host.Channel.CallAsync(Echo.Unary, new EchoRequest())).IsOK);
        var failed = await host.Channel.CallAsync(Echo.Unary, new EchoRequest { Behave = "fail", Count = 3 });
        Assert.Equal(StatusCode.InvalidArgument, failed.Status.Code);
        inner.Refusal = new GrpcStatus(StatusCode.Unauthenticated, "who?");
        var refused = await host.Channel.CallAsync(Echo.Unary, new EchoRequest { Behave = "throw" });
        Assert.Equal((StatusCode.Unauthenticated, "who?"), (refused.Status.Code, refused.Status.Message));

        Assert.Equal([StatusCode.OK, StatusCode.InvalidArgument, StatusCode.Unauthenticated], outer.Ended);
        Assert.Equal([StatusCode.OK, StatusCode.InvalidArgument], inner.Ended);
        Assert.Equal("/sidecar.test.Echo/Unary", outer.Method);
    }

    [Fact]
    public async Task Raw_methods_of_every_kind_work()
    {
        const string Service = "some.Raw";
        await using var host = await GrpcHost.StartAsync(routes =>
        {
            routes.MapUnary(GrpcMethod.Raw(Service, "One", GrpcMethodKind.Unary), (request, _) => Task.FromResult(request));
            routes.MapClientStreaming(GrpcMethod.Raw(Service, "Join", GrpcMethodKind.ClientStreaming), async (requests, _) =>
            {
                var all = new List<byte>();
                await foreach (var request in requests.ReadAllAsync())
                    all.AddRange(request.Span);
                return new ReadOnlyMemory<byte>([.. all]);
            });
            routes.MapServerStreaming(GrpcMethod.Raw(Service, "Split", GrpcMethodKind.ServerStreaming), async (request, replies, _) =>
            {
                for (var at = 0; at < request.Length; at++)
                    await replies.WriteAsync(request.Slice(at, 1));
            });
            routes.MapDuplex(GrpcMethod.Raw(Service, "Echo", GrpcMethodKind.Duplex), async (requests, replies, _) =>
            {
                await foreach (var request in requests.ReadAllAsync())
                    await replies.WriteAsync(request);
            });
        });

        Assert.Equal([1, 2], (await host.Channel.UnaryAsync(GrpcMethod.Raw(Service, "One", GrpcMethodKind.Unary), new byte[] { 1, 2 })).ToArray());
        await using var join = host.Channel.OpenClientStreaming(GrpcMethod.Raw(Service, "Join", GrpcMethodKind.ClientStreaming));
        Assert.True(await join.WriteAsync(new byte[] { 3 }));
        Assert.True(await join.WriteAsync(ReadOnlyMemory<byte>.Empty));
        Assert.True(await join.WriteAsync(new byte[] { 4 }));
        await join.CompleteAsync();
        Assert.Equal([3, 4], (await join.ResponseAsync()).ToArray());
        await using var split = host.Channel.OpenServerStreaming(GrpcMethod.Raw(Service, "Split", GrpcMethodKind.ServerStreaming), new byte[] { 5, 6 });
        var parts = new List<byte>();
        await foreach (var part in split.ReadAllAsync())
            parts.AddRange(part.Span);
        Assert.Equal([5, 6], parts);
        await using var echo = host.Channel.OpenDuplex(GrpcMethod.Raw(Service, "Echo", GrpcMethodKind.Duplex));
        Assert.True(await echo.WriteAsync(new byte[] { 7 }));
        Assert.True(await echo.ReadAsync());
        Assert.Equal([7], echo.Current.ToArray());
    }

    [Fact]
    public async Task A_proxy_passes_calls_of_every_kind_on_without_knowing_them()
    {
        await using var target = await GrpcHost.StartAsync(_service.Map);
        await using var proxy = await GrpcHost.StartAsync(routes => routes.MapGrpcFallback((requests, replies, call) => PassOnAsync(target.Channel, requests, replies, call)), hasFallback: false);

        Assert.Equal("one", (await proxy.Channel.UnaryAsync(Echo.Unary, new EchoRequest { Text = "one" })).Text);
        var failed = await proxy.Channel.CallAsync(Echo.Unary, new EchoRequest { Behave = "fail", Count = 5, Text = "none" });
        Assert.Equal((StatusCode.NotFound, "none", 2), (failed.Status.Code, failed.Status.Message, failed.Status.Details.Count));
        Assert.Equal([0, 1, 255], failed.Trailers.GetBytes("after-bin")!);
        await using var stream = proxy.Channel.OpenServerStreaming(Echo.ServerStream, new EchoRequest { Count = 100 });
        Assert.Equal(100, await stream.ReadAllAsync().CountAsync());
        await using var duplex = proxy.Channel.OpenDuplex(Echo.Duplex);
        Assert.True(await duplex.WriteAsync(new EchoRequest { Count = 3 }));
        Assert.True(await duplex.ReadAsync());
        Assert.Equal(3, duplex.Current.Count);
        await duplex.CompleteAsync();
        Assert.False(await duplex.ReadAsync());
        Assert.Equal(StatusCode.Unimplemented, (await proxy.Channel.CallAsync(GrpcMethod.Raw("a.B", "C", GrpcMethodKind.Unary), default)).Status.Code);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await RawCall.SendAsync(proxy.Address, "/a.B/C", [], "text/plain")).Http);
    }

    [Fact]
    public void A_method_is_mapped_and_called_as_what_it_is()
    {
        Assert.Equal(GrpcMethodKind.Duplex, Echo.Duplex.Kind);
        Assert.Throws<ArgumentException>(() => GrpcMethod.Of<EchoReply, EchoReply>(EchoReflection.Descriptor.Services[0].FindMethodByName("Unary")));
        using var channel = GrpcChannel.ForAddress(new Uri("http://127.0.0.1:1"));
        Assert.Throws<ArgumentException>(() => channel.OpenDuplex(Echo.Unary));
    }

    private static async Task PassOnAsync(
        GrpcChannel target, MessageReader<ReadOnlyMemory<byte>> requests, MessageWriter<ReadOnlyMemory<byte>> replies, ServerCall call)
    {
        var names = call.Method.Split('/');
        using var over = new CancellationTokenSource();
        await using var onward = target.OpenDuplex(GrpcMethod.Raw(names[1], names[2], GrpcMethodKind.Duplex), new CallOptions { Deadline = call.Deadline }, call.CancellationToken);
        var sending = SendAsync();
        while (await onward.ReadAsync())
            await replies.WriteAsync(onward.Current);
        foreach (var trailer in onward.Trailers)
            call.ResponseTrailers.Add(trailer);
        call.Status = onward.Status!;
        await over.CancelAsync();
        await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        async Task SendAsync()
        {
            while (await requests.ReadAsync(over.Token) && await onward.WriteAsync(requests.Current))
            {
            }

            await onward.CompleteAsync();
        }
    }

    private sealed class Filter(string name) : IServerCallFilter
    {
        public GrpcStatus Refusal { get; set; } = GrpcStatus.OK;

        public List<StatusCode> Ended { get; } = [];

        public string? Method { get; private set; }

        public ValueTask<GrpcStatus> BeginAsync(ServerCall call)
        {
            Method = call.Method;
            return ValueTask.FromResult(Refusal);
        }

        public void End(ServerCall call, GrpcStatus status)
        {
            Ended.Add(status.Code);
            throw new InvalidOperationException($"{name} fails, and nobody minds");
        }
    }

    /// <summary>Has a token fire between a message and its sending.</summary>
    private sealed class Cancelling(CancellationTokenSource source) : Marshaller<EchoReply>
    {
        public override int SizeOf(EchoReply message) => message.CalculateSize();

        public override void Write(EchoReply message, System.Buffers.IBufferWriter<byte> output)
        {
            message.WriteTo(output);
            source.Cancel();
        }

        public override EchoReply Read(in System.Buffers.ReadOnlySequence<byte> bytes) => EchoReply.Parser.ParseFrom(bytes);
    }
}
