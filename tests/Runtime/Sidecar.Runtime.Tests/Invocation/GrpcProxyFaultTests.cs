using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Grpc;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Invocation;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Invocation;

/// <summary>Bad input, apps that die and callers that vanish, through the sidecars of caller and callee, who know each other by the name registry.</summary>
public sealed class GrpcProxyFaultTests : IAsyncLifetime
{
    private const int Limit = 64;
    private static readonly byte[] Hello = "hello"u8.ToArray();

    private readonly TempFolder _folder = new();
    private GrpcTestApp _app = null!;
    private TestSidecar _caller = null!;
    private TestSidecar _callee = null!;
    private GrpcChannel _channel = null!;

    public async ValueTask InitializeAsync()
    {
        _app = await GrpcTestApp.StartAsync();
        _callee = await TestSidecar.StartAsync(_folder, options => options with
        {
            AppId = "callee",
            AppPort = _app.Port,
            AppProtocol = "grpc",
            AppMaxConcurrency = Limit,
            NameRegistryFile = "names.db",
            DisabledInitEndpoints = ["subscribe"],
        });
        _caller = await TestSidecar.StartAsync(_folder, options => options with { AppId = "caller", NameRegistryFile = "names.db" });
        await _callee.Instance.Healthy.WithinAsync("health of the callee");
        _channel = NewChannel();
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _app.DisposeAsync();
        await _caller.DisposeAsync();
        await _callee.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Thousands_of_calls_that_break_leave_nothing_behind_and_harm_no_neighbour()
    {
        _app.OnDuplex = async (requests, responses, call) =>
        {
            while (await requests.ReadAsync())
                await responses.WriteAsync(requests.Current);
            if (call.RequestMetadata.Get("fail") is not null)
                throw new GrpcException(StatusCode.Aborted, "on purpose");
        };
        await using var neighbour = _channel.OpenDuplex(GrpcTestApp.Duplex, ToCallee());
        for (var round = 0; round < 40; round++)
        {
            using var vanishing = NewChannel();
            await Task.WhenAll(Enumerable.Range(0, 75).Select(number => BreakAsync(vanishing, number)).ToArray()).WithinAsync($"the calls of round {round}");
            Assert.True(await neighbour.WriteAsync(Hello));
            Assert.True(await neighbour.ReadAsync().AsTask().WithinAsync("the neighbour's echo"));
        }

        await neighbour.CompleteAsync();
        Assert.False(await neighbour.ReadAsync().AsTask().WithinAsync("the neighbour's end"));
        Assert.True(neighbour.Status!.IsOK, neighbour.Status.ToString());
        try
        {
            await Eventually.TrueAsync(() => (_app.CallsUnderWay, UnderWay(_caller), UnderWay(_callee)) == (0, 0, 0), "no call under way anywhere");
        }
        catch (TimeoutException)
        {
            Assert.Fail($"under way: {_app.CallsUnderWay} at the app, {UnderWay(_caller)} at the caller, {UnderWay(_callee)} at the callee");
        }


        // Each call has given back its turn: as many as the limit allows are at the app together.
        var (together, all) = (0, new TaskCompletionSource());
        _app.OnUnary = async (message, _) =>
        {
            if (Interlocked.Increment(ref together) == Limit)
                all.SetResult();
            await all.Task;
            return message;
        };
        var answers = await Task.WhenAll(Enumerable.Range(0, Limit).Select(_ => _channel.CallAsync(GrpcTestApp.Unary, Hello, ToCallee()).AsTask())).WithinAsync("as many calls as the limit allows");
        Assert.All(answers, answer => Assert.True(answer.IsOK, answer.Status.ToString()));
    }

    [Fact]
    [Contract(92)]
    public async Task An_app_that_dies_in_mid_stream_or_is_not_there_is_unavailable()
    {
        await using var stream = _channel.OpenDuplex(GrpcTestApp.Duplex, ToCallee());
        Assert.True(await stream.WriteAsync(Hello));
        Assert.True(await stream.ReadAsync());

        var dying = new TaskCompletionSource();
        _app.OnUnary = (message, call) =>
        {
            // As a process that is killed: the connection ends, and nothing is said.
            call.HttpContext.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionLifetimeFeature>()?.Abort();
            return Task.FromResult(message);
        };
        var last = await _channel.CallAsync(GrpcTestApp.Unary, Hello, ToCallee());
        Assert.Equal(StatusCode.Unavailable, last.Status.Code);
        Assert.False(await stream.ReadAsync().AsTask().WithinAsync("the end of the stream"));
        Assert.Equal(StatusCode.Unavailable, stream.Status!.Code);

        await _app.DisposeAsync();
        Assert.Equal(StatusCode.Unavailable, (await _channel.CallAsync(GrpcTestApp.Unary, Hello, ToCallee())).Status.Code);

        _app.OnUnary = null;
        await _app.StartListeningAsync();
        Assert.True((await _channel.CallAsync(GrpcTestApp.Unary, Hello, ToCallee())).IsOK);
        await Eventually.TrueAsync(() => (UnderWay(_caller), UnderWay(_callee)) == (0, 0), "no call under way at the sidecars");
    }

    [Fact]
    public async Task A_caller_that_sends_more_than_the_app_reads_is_held_back()
    {
        var read = new TaskCompletionSource();
        _app.OnDuplex = async (requests, _, _) =>
        {
            await read.Task;
            while (await requests.ReadAsync())
            {
            }
        };
        await using var stream = _channel.OpenDuplex(GrpcTestApp.Duplex, ToCallee());
        var sent = 0;
        var sending = SendAsync();
        var before = 0;
        await Eventually.TrueAsync(() => (before, sent) is var (old, now) && (before = now) == old && now > 0, "a sender that gets no further");

        Assert.InRange(sent, 1, 100);
        read.SetResult();
        await sending.WithinAsync("the rest of the messages");
        await stream.CompleteAsync();
        Assert.False(await stream.ReadAsync().AsTask().WithinAsync("the end of the stream"));
        Assert.True(stream.Status!.IsOK, stream.Status.ToString());

        async Task SendAsync()
        {
            var chunk = new byte[1024 * 1024];
            for (; sent < 200; sent++)
                Assert.True(await stream.WriteAsync(chunk));
        }
    }

    [Fact]
    public async Task An_app_that_answers_before_it_has_read_all_ends_the_call()
    {
        _app.OnDuplex = (_, _, call) =>
        {
            call.Status = new GrpcStatus(StatusCode.ResourceExhausted, "enough");
            return Task.CompletedTask;
        };
        for (var round = 0; round < 20; round++)
        {
            await using var stream = _channel.OpenDuplex(GrpcTestApp.Duplex, ToCallee());
            await stream.WriteAsync(Hello);
            Assert.False(await stream.ReadAsync().AsTask().WithinAsync("the app's answer"));
            Assert.Equal((StatusCode.ResourceExhausted, "enough"), (stream.Status!.Code, stream.Status.Message));
        }

        await Eventually.TrueAsync(() => (UnderWay(_caller), UnderWay(_callee)) == (0, 0), "no call under way at the sidecars");
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 0, 0, 9, 1 }, StatusCode.Internal)]
    [InlineData(new byte[] { 7, 0, 0, 0, 0 }, StatusCode.Internal)]
    [InlineData(new byte[] { 0, 255, 255, 255, 255, 1, 2 }, StatusCode.ResourceExhausted)]
    [InlineData(new byte[] { }, StatusCode.Unimplemented)]
    public async Task Frames_that_are_none_are_the_apps_to_refuse(byte[] body, StatusCode code)
    {
        using var response = await PostAsync("/test.Echo/Unary", body, "application/grpc", ("dapr-app-id", "callee"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await response.Content.LoadIntoBufferAsync();
        var headers = response.Headers.Contains("grpc-status") ? response.Headers : response.TrailingHeaders;
        Assert.Equal(((int)code).ToString(System.Globalization.CultureInfo.InvariantCulture), headers.GetValues("grpc-status").Single());
        Assert.True((await _channel.CallAsync(GrpcTestApp.Unary, Hello, ToCallee())).IsOK);
    }

    [Fact]
    public async Task What_is_no_grpc_is_not_passed_on_and_other_message_formats_are()
    {
        using var plain = await PostAsync("/test.Echo/Unary", Hello, "text/plain", ("dapr-app-id", "callee"));
        using var json = await PostAsync("/test.Echo/Unary", [0, 0, 0, 0, 0], "application/grpc+json", ("dapr-app-id", "callee"));
        using var timeout = await PostAsync("/test.Echo/Unary", [0, 0, 0, 0, 0], "application/grpc", ("dapr-app-id", "callee"), ("grpc-timeout", "soon"));

        Assert.Equal(HttpStatusCode.NotFound, plain.StatusCode);
        // The app's own word: it reads protobuf alone.
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, json.StatusCode);
        Assert.Equal("13", timeout.Headers.GetValues("grpc-status").Single());
    }

    private static CallOptions ToCallee(params MetadataEntry[] more) => new() { Metadata = [new MetadataEntry("dapr-app-id", "callee"), .. more] };

    private static int UnderWay(TestSidecar sidecar) => sidecar.Instance.Services.GetRequiredService<GrpcProxy>().CallsUnderWay;

    private GrpcChannel NewChannel() => GrpcChannel.ForAddress(new Uri($"http://127.0.0.1:{_caller.Instance.GrpcPort}"));

    /// <summary>A call that ends early in one of several ways.</summary>
    private static async Task BreakAsync(GrpcChannel channel, int number)
    {
        using var cancellation = new CancellationTokenSource();
        var options = (number % 5) switch
        {
            0 => ToCallee() with { Timeout = TimeSpan.FromMilliseconds(number) },
            1 => ToCallee(new MetadataEntry("fail", "yes")),
            _ => ToCallee(),
        };
        await using var call = channel.OpenDuplex(GrpcTestApp.Duplex, options, cancellation.Token);
        if (number % 5 == 2)
            await cancellation.CancelAsync();
        await call.WriteAsync(Hello);
        if (number % 5 == 3)
            return;
        if (number % 5 == 1)
            await call.CompleteAsync();
        await call.ReadAsync();
        if (number % 5 == 1)
            Assert.False(await call.ReadAsync());
    }

    private async Task<HttpResponseMessage> PostAsync(string path, byte[] body, string contentType, params (string Name, string Value)[] headers)
    {
        using var client = new HttpMessageInvoker(new SocketsHttpHandler());
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://127.0.0.1:{_caller.Instance.GrpcPort}{path}"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        request.Headers.TryAddWithoutValidation("te", "trailers");
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        var response = await client.SendAsync(request, CancellationToken.None);
        await response.Content.LoadIntoBufferAsync();
        return response;
    }
}
