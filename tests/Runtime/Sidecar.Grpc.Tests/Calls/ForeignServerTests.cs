using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Grpc.Tests.Protos;
using Sidecar.Grpc.Tests.Support;
using TestSupport;

namespace Sidecar.Grpc.Tests.Calls;

/// <summary>Our client with servers that are no gRPC servers, or wrong ones.</summary>
public sealed class ForeignServerTests
{
    [Theory]
    [InlineData(404, StatusCode.Unimplemented)]
    [InlineData(503, StatusCode.Unavailable)]
    [InlineData(401, StatusCode.Unauthenticated)]
    [InlineData(500, StatusCode.Unknown)]
    [InlineData(302, StatusCode.Unknown)]
    public async Task A_bare_http_status_has_a_code(int status, StatusCode code)
    {
        Assert.Equal(code, await CodeAsync(context => context.Response.StatusCode = status));
    }

    [Fact]
    public async Task A_web_page_is_no_answer() => Assert.Equal(StatusCode.Unknown, await CodeAsync(context =>
    {
        context.Response.ContentType = "text/html";
        return context.Response.WriteAsync("<html>");
    }));

    [Fact]
    public async Task An_answer_without_status_is_unknown() => Assert.Equal(StatusCode.Unknown, await CodeAsync(context => WriteAsync(context, RawCall.Frame([]))));

    [Fact]
    public async Task Success_without_a_message_is_none() => Assert.Equal(StatusCode.Unimplemented, await CodeAsync(context => WriteAsync(context, [], status: "0")));

    [Fact]
    public async Task Success_in_the_headers_alone_is_none() => Assert.Equal(StatusCode.Unimplemented, await CodeAsync(context =>
    {
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = "0";
    }));

    [Fact]
    public async Task Two_messages_are_too_many() =>
        Assert.Equal(StatusCode.Unimplemented, await CodeAsync(context => WriteAsync(context, [.. RawCall.Frame([]), .. RawCall.Frame([])], status: "0")));

    [Fact]
    public async Task Half_a_message_is_internal() =>
        Assert.Equal(StatusCode.Internal, await CodeAsync(context => WriteAsync(context, [0, 0, 0, 0, 9, 1], status: "0")));

    [Fact]
    public async Task A_message_that_cannot_be_read_is_internal() =>
        Assert.Equal(StatusCode.Internal, await CodeAsync(context => WriteAsync(context, RawCall.Frame([255, 255]), status: "0")));

    [Fact]
    public async Task An_encoding_that_was_not_offered_is_internal() => Assert.Equal(StatusCode.Internal, await CodeAsync(context =>
    {
        context.Response.Headers["grpc-encoding"] = "zstd";
        return WriteAsync(context, RawCall.Frame([1], 1), status: "0");
    }));

    [Theory]
    [InlineData(0x2, StatusCode.Internal)]
    [InlineData(0x7, StatusCode.Unavailable)]
    [InlineData(0x8, StatusCode.Cancelled)]
    [InlineData(0xb, StatusCode.ResourceExhausted)]
    [InlineData(0xc, StatusCode.PermissionDenied)]
    public async Task A_stream_that_is_reset_has_the_code_of_the_reset(int error, StatusCode code)
    {
        Assert.Equal(code, await CodeAsync(context => context.Features.GetRequiredFeature<IHttpResetFeature>().Reset(error)));
        Assert.Equal(code, await CodeAsync(async context =>
        {
            await WriteAsync(context, RawCall.Frame([]));
            context.Features.GetRequiredFeature<IHttpResetFeature>().Reset(error);
        }));
    }

    [Fact]
    public async Task A_connection_that_is_dropped_is_unavailable() => Assert.Equal(StatusCode.Unavailable, await CodeAsync(async context =>
    {
        await WriteAsync(context, RawCall.Frame([]));
        context.Features.GetRequiredFeature<Microsoft.AspNetCore.Connections.Features.IConnectionLifetimeFeature>().Abort();
    }));

    [Fact]
    public async Task Nobody_there_is_unavailable()
    {
        using var channel = GrpcChannel.ForAddress(new Uri($"http://127.0.0.1:{FreePorts.Next()}"));
        var result = await channel.CallAsync(Echo.Unary, new EchoRequest());
        Assert.Equal(StatusCode.Unavailable, result.Status.Code);
        Assert.Empty(result.Headers);
        Assert.Empty(result.Trailers);
        await using var call = channel.OpenDuplex(Echo.Duplex);
        Assert.False(await call.WriteAsync(new EchoRequest()));
        Assert.False(await call.ReadAsync());
        Assert.Equal((StatusCode.Unavailable, 0), (call.Status!.Code, channel.CallsUnderWay));
    }

    [Fact]
    public async Task A_name_of_nobody_is_unavailable()
    {
        using var channel = GrpcChannel.ForAddress(new Uri("http://nobody.invalid:80"));
        Assert.Equal(StatusCode.Unavailable, (await channel.CallAsync(Echo.Unary, new EchoRequest())).Status.Code);
    }

    [Fact]
    public async Task A_server_that_speaks_no_http_2_is_a_failure_and_no_wait()
    {
        await using var app = await TestApp.StartAsync();
        using var channel = GrpcChannel.ForAddress(new Uri($"http://127.0.0.1:{app.Port}"));
        var result = await channel.CallAsync(Echo.Unary, new EchoRequest()).AsTask().WithinAsync("the failure");
        Assert.False(result.IsOK);
    }

    [Fact]
    public async Task A_token_that_fires_throws_as_everywhere_in_dotnet()
    {
        await using var host = await GrpcHost.StartAsync(new EchoService().Map);
        using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.Channel.UnaryAsync(Echo.Unary, new EchoRequest { Behave = "wait" }, default, source.Token));
        var result = await host.Channel.CallAsync(Echo.Unary, new EchoRequest { Behave = "wait" }, default, source.Token);
        Assert.Equal(StatusCode.Cancelled, result.Status.Code);
    }

    private static Task<StatusCode> CodeAsync(Action<HttpContext> answer) => CodeAsync(context =>
    {
        answer(context);
        return Task.CompletedTask;
    });

    private static async Task<StatusCode> CodeAsync(RequestDelegate answer)
    {
        await using var host = await GrpcHost.StartAsync(routes => routes.Map(Echo.Unary.FullName, answer));
        var result = await host.Channel.CallAsync(Echo.Unary, new EchoRequest()).AsTask().WithinAsync("the end of the call");
        Assert.Equal(0, host.Channel.CallsUnderWay);
        return result.Status.Code;
    }

    private static async Task WriteAsync(HttpContext context, byte[] body, string? status = null)
    {
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(body);
        await context.Response.Body.FlushAsync();
        if (status is not null)
            context.Response.AppendTrailer("grpc-status", status);
    }
}
