using System.Text;
using Google.Rpc;
using Sidecar.Grpc;
using TestSupport;

namespace Sidecar.Daprd.Tests.Grpc;

/// <summary>Calls of an app's own gRPC services through the sidecars of caller and callee (contract 3.4, "Proxy mode").</summary>
public abstract class GrpcProxyTests(GrpcPair pair) : IAsyncLifetime
{
    private static readonly byte[] Hello = "hello"u8.ToArray();

    public ValueTask InitializeAsync()
    {
        pair.App.Forget();
        pair.HttpApp.Forget();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    [Contract(92)]
    public async Task A_unary_call_passes_with_its_headers_and_trailers()
    {
        Metadata? seen = null;
        pair.App.OnUnary = (message, call) =>
        {
            seen = call.RequestMetadata;
            call.ResponseHeaders.Add("own-header", "h");
            call.ResponseTrailers.Add("own-trailer-bin", [1, 2, 255]);
            return Task.FromResult<ReadOnlyMemory<byte>>(message.ToArray().Reverse().ToArray());
        };
        var options = GrpcPair.ToApp(("own-key", "own value"), ("dapr-api-token", "of the caller"), ("dapr-caller-app-id", "somebody else"));
        options.Metadata!.Add("some-bin", [0, 128, 7]);

        var result = await pair.Channel.CallAsync(GrpcTestApp.Unary, Hello, options);

        Assert.True(result.IsOK, result.Status.ToString());
        Assert.Equal("olleh", Encoding.UTF8.GetString(result.Message.Span));
        Assert.Equal("h", result.Headers.Get("own-header"));
        Assert.Equal([1, 2, 255], result.Trailers.GetBytes("own-trailer-bin"));
        Assert.Equal(("own value", GrpcPair.AppToken, "caller", "grpc-app", "default"), (
            seen!.Get("own-key"), seen.Get("dapr-api-token"), seen.Get("dapr-caller-app-id"), seen.Get("dapr-callee-app-id"), seen.Get("dapr-caller-namespace")));
        Assert.Single(seen.GetAll("dapr-api-token"));
        Assert.Equal([0, 128, 7], seen.GetBytes("some-bin"));
        Assert.Equal(29, seen.GetBytes("grpc-trace-bin")?.Length);
    }

    [Fact]
    [Contract(92)]
    public async Task Streams_of_all_kinds_pass()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var many = pair.Channel.OpenServerStreaming(GrpcTestApp.ServerStreaming, Hello, GrpcPair.ToApp(), ct);
        List<string> got = [];
        await foreach (var message in many.ReadAllAsync(ct))
            got.Add(Encoding.UTF8.GetString(message.Span));
        Assert.Equal(["hello", "hello", "hello"], got);

        await using var sending = pair.Channel.OpenClientStreaming(GrpcTestApp.ClientStreaming, GrpcPair.ToApp(), ct);
        for (var sent = 0; sent < 3; sent++)
            Assert.True(await sending.WriteAsync(Hello, ct));
        await sending.CompleteAsync();
        Assert.Equal("hellohellohello", Encoding.UTF8.GetString((await sending.ResponseAsync(ct)).Span));

        // Each message comes back before the next is sent: nothing on the way waits for more.
        await using var both = pair.Channel.OpenDuplex(GrpcTestApp.Duplex, GrpcPair.ToApp(), ct);
        for (var turn = 0; turn < 20; turn++)
        {
            Assert.True(await both.WriteAsync(Encoding.UTF8.GetBytes($"turn {turn}"), ct));
            Assert.True(await both.ReadAsync(ct).AsTask().WithinAsync($"the echo of turn {turn}"));
            Assert.Equal($"turn {turn}", Encoding.UTF8.GetString(both.Current.Span));
        }

        await both.CompleteAsync();
        Assert.False(await both.ReadAsync(ct));
        Assert.True(both.Status!.IsOK, both.Status.ToString());
    }

    [Fact]
    public async Task Headers_of_a_stream_come_before_its_first_message()
    {
        pair.App.OnServerStreaming = async (_, _, call) =>
        {
            call.ResponseHeaders.Add("own-header", "early");
            await call.WriteHeadersAsync();
            await Task.Delay(Timeout.Infinite, call.CancellationToken);
        };
        await using var stream = pair.Channel.OpenServerStreaming(GrpcTestApp.ServerStreaming, Hello, GrpcPair.ToApp());

        var headers = await stream.HeadersAsync().WithinAsync("the headers of a silent stream");

        Assert.Equal("early", headers.Get("own-header"));
    }

    [Fact]
    [Contract(92)]
    public async Task Code_message_and_details_of_a_failure_pass_unchanged()
    {
        pair.App.OnUnary = (_, call) =>
        {
            call.ResponseTrailers.Add("own-trailer", "t");
            return Task.FromResult(call.Fail<ReadOnlyMemory<byte>>(new GrpcStatus(StatusCode.FailedPrecondition, "ünusable, 100%", new ErrorInfo { Reason = "OWN", Domain = "test" })));
        };

        var result = await pair.Channel.CallAsync(GrpcTestApp.Unary, Hello, GrpcPair.ToApp());

        Assert.Equal((StatusCode.FailedPrecondition, "ünusable, 100%"), (result.Status.Code, result.Status.Message));
        Assert.Equal("OWN", result.Status.Detail<ErrorInfo>()?.Reason);
        Assert.Equal("t", result.Trailers.Get("own-trailer"));
    }

    [Fact]
    public async Task A_failure_after_messages_passes_unchanged()
    {
        pair.App.OnServerStreaming = async (message, responses, _) =>
        {
            await responses.WriteAsync(message);
            throw new GrpcException(StatusCode.DataLoss, "lost", new ErrorInfo { Reason = "OWN" });
        };
        await using var stream = pair.Channel.OpenServerStreaming(GrpcTestApp.ServerStreaming, Hello, GrpcPair.ToApp());

        Assert.True(await stream.ReadAsync());
        Assert.False(await stream.ReadAsync());

        Assert.Equal((StatusCode.DataLoss, "lost", "OWN"), (stream.Status!.Code, stream.Status.Message, stream.Status.Detail<ErrorInfo>()?.Reason));
    }

    [Fact]
    public async Task A_method_that_the_app_does_not_have_is_told_by_the_app()
    {
        var result = await pair.Channel.CallAsync(GrpcMethod.Raw("test.Echo", "Nothing", GrpcMethodKind.Unary), Hello, GrpcPair.ToApp());

        Assert.Equal((StatusCode.Unimplemented, "unknown method Nothing for service test.Echo"), (result.Status.Code, result.Status.Message));
    }

    [Fact]
    public async Task Messages_larger_than_any_window_pass_and_those_above_the_sidecars_limit_too()
    {
        var large = new byte[9 * 1024 * 1024];
        Random.Shared.NextBytes(large);
        long received = 0;
        pair.App.OnUnary = (message, _) =>
        {
            received = message.Length;
            return Task.FromResult(message[..(3 * 1024 * 1024)]);
        };

        var result = await pair.Channel.CallAsync(GrpcTestApp.Unary, large, GrpcPair.ToApp());

        Assert.True(result.IsOK, result.Status.ToString());
        Assert.Equal(large.Length, received);
        Assert.True(result.Message.Span.SequenceEqual(large.AsSpan(0, 3 * 1024 * 1024)));
    }

    [Fact]
    public async Task A_deadline_reaches_the_app_and_ends_the_call_at_both_ends()
    {
        var begun = new TaskCompletionSource();
        var ended = new TaskCompletionSource<DateTimeOffset?>();
        pair.App.OnUnary = async (message, call) =>
        {
            begun.TrySetResult();
            call.CancellationToken.Register(() => ended.TrySetResult(call.Deadline));
            await Task.Delay(Timeout.Infinite, call.CancellationToken);
            return message;
        };

        var codes = await Eventually.RepeatAsync(
            async () => (await pair.Channel.CallAsync(GrpcTestApp.Unary, Hello, GrpcPair.ToApp() with { Timeout = TimeSpan.FromMilliseconds(300) })).Status.Code,
            () => begun.Task.IsCompleted,
            "the call at the app");

        Assert.All(codes, code => Assert.Equal(StatusCode.DeadlineExceeded, code));
        Assert.NotNull(await ended.Task.WithinAsync("the end of the call at the app"));
    }

    [Fact]
    public async Task A_caller_that_cancels_or_vanishes_ends_the_call_at_the_app()
    {
        var begun = new SemaphoreSlim(0);
        var ended = new SemaphoreSlim(0);
        pair.App.OnDuplex = async (_, responses, call) =>
        {
            await responses.WriteAsync(Hello);
            call.CancellationToken.Register(() => ended.Release());
            begun.Release();
            await Task.Delay(Timeout.Infinite, call.CancellationToken);
        };
        using var vanishing = GrpcChannel.ForAddress(pair.Address);
        await using var cancelled = pair.Channel.OpenDuplex(GrpcTestApp.Duplex, GrpcPair.ToApp());
        await using var lost = vanishing.OpenDuplex(GrpcTestApp.Duplex, GrpcPair.ToApp());
        for (var call = 0; call < 2; call++)
            await begun.WaitAsync().WithinAsync("the call at the app");

        await cancelled.DisposeAsync();
        await ended.WaitAsync().WithinAsync("the end of the cancelled call");
        vanishing.Dispose();
        await lost.DisposeAsync();
        await ended.WaitAsync().WithinAsync("the end of the call whose caller is gone");
    }

    [Fact]
    public async Task A_call_that_names_no_app_is_unknown()
    {
        var result = await pair.Channel.CallAsync(GrpcTestApp.Unary, Hello);

        Assert.Equal(
            (StatusCode.Unknown, "failed to proxy request: required metadata dapr-callee-app-id or dapr-app-id not found"), (result.Status.Code, result.Status.Message));
    }

    [Fact]
    public async Task A_service_that_nobody_serves_is_the_apps_to_refuse()
    {
        var result = await pair.Channel.CallAsync(GrpcMethod.Raw("test.Unknown", "Nothing", GrpcMethodKind.Unary), Hello, GrpcPair.ToApp());

        Assert.Equal(StatusCode.Unimplemented, result.Status.Code);
        Assert.Contains("/test.Unknown/Nothing", pair.App.Paths);
    }

    [Fact]
    public async Task The_callee_id_comes_before_the_app_id_and_an_app_that_is_not_there_is_unavailable()
    {
        var named = GrpcPair.ToApp(("dapr-callee-app-id", "nobody"));
        var missing = await pair.Channel.CallAsync(GrpcTestApp.Unary, Hello, named);
        Assert.Equal((StatusCode.Unavailable, "failed to invoke, id: nobody, err: couldn't find service: nobody"), (missing.Status.Code, missing.Status.Message));

        Metadata metadata = [];
        metadata.Add("dapr-app-id", "nobody");
        metadata.Add("dapr-callee-app-id", "grpc-app");
        Assert.True((await pair.Channel.CallAsync(GrpcTestApp.Unary, Hello, new CallOptions { Metadata = metadata })).IsOK);
    }

    [Theory]
    [InlineData("dapr.proto.runtime.v1.Dapr")]
    [InlineData("dapr.proto.runtime.v1.Other")]
    [InlineData("grpc.reflection.v1.Other")]
    public async Task The_sidecars_own_services_are_never_passed_on(string service)
    {
        var result = await pair.Channel.CallAsync(GrpcMethod.Raw(service, "Nothing", GrpcMethodKind.Unary), Hello, GrpcPair.ToApp());

        Assert.Equal(StatusCode.Unimplemented, result.Status.Code);

        // The app does not serve it either, and would have given the same answer.
        Assert.DoesNotContain($"/{service}/Nothing", pair.App.Paths);
    }
}

public sealed class CoHostedGrpcProxyTests(CoHostedGrpcPair pair) : GrpcProxyTests(pair), IClassFixture<CoHostedGrpcPair>;

public sealed class IsolatedGrpcProxyTests(IsolatedGrpcPair pair) : GrpcProxyTests(pair), IClassFixture<IsolatedGrpcPair>;
