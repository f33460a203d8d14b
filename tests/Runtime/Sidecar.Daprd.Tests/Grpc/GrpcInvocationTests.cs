using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Microsoft.AspNetCore.Http;
using Sidecar.Grpc;
using Sidecar.Protos;
using TestSupport;
using Verb = Sidecar.Protos.HTTPExtension.Types.Verb;

namespace Sidecar.Daprd.Tests.Grpc;

/// <summary>Invocation where the caller, the app or both speak gRPC (contract 2.4, 3.3 and 3.4).</summary>
public abstract class GrpcInvocationTests(GrpcPair pair) : IAsyncLifetime
{
    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    public ValueTask InitializeAsync()
    {
        pair.App.Forget();
        pair.HttpApp.Forget();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    [Contract(90, 84, 86, 94)]
    public async Task A_caller_by_http_reaches_an_app_that_speaks_grpc()
    {
        pair.App.OnInvoke = (request, call) =>
        {
            call.ResponseHeaders.Add("own-header", "h");
            call.ResponseHeaders.Add("grpc-own", "g");
            call.ResponseHeaders.Add("own-bin", [1]);
            return Task.FromResult(GrpcTestApp.Text("""{"ok":true}""", "application/json; own=1"));
        };
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1.0/invoke/grpc-app/method/orders%2Fone/two?b=1&a=%20x") { Content = new StringContent("data", Encoding.UTF8, "text/own") };
        request.Headers.Add("Accept", "text/x");
        request.Headers.Add("X-Own", "o");
        request.Headers.Add("Dapr-Api-Token", "of the caller");

        using var response = await pair.Http.SendAsync(request);

        Assert.Equal((HttpStatusCode.OK, """{"ok":true}"""), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        Assert.Equal("application/json; own=1", response.Content.Headers.GetValues("Content-Type").Single());
        Assert.Equal("h", response.Headers.GetValues("own-header").Single());
        Assert.Equal("g", response.Headers.GetValues("dapr-grpc-own").Single());
        Assert.False(response.Headers.Contains("own-bin"));
        var seen = Assert.Single(pair.App.Invoked, seen => seen.Message.Method == "orders/one/two");
        Assert.Equal((Verb.Put, "b=1&a=%20x", "text/own; charset=utf-8", "data"), (seen.Message.HttpExtension.Verb, seen.Message.HttpExtension.Querystring, seen.Message.ContentType, seen.Text));
        var metadata = seen.Metadata;
        Assert.Equal(("text/x", "o", "text/own; charset=utf-8"), (metadata.Get("dapr-accept"), metadata.Get("x-own"), metadata.Get("dapr-content-type")));
        Assert.Equal((GrpcPair.AppToken, "caller", "grpc-app"), (metadata.Get("dapr-api-token"), metadata.Get("dapr-caller-app-id"), metadata.Get("dapr-callee-app-id")));
        Assert.NotNull(metadata.Get("dapr-host"));
        var trace = metadata.GetBytes("grpc-trace-bin")!;
        Assert.Equal(metadata.Get("traceparent")![3..35], Convert.ToHexStringLower(trace.AsSpan(2, 16)));
    }

    [Fact]
    [Contract(90)]
    public async Task A_failure_of_an_app_that_speaks_grpc_is_a_status_and_json_to_a_caller_by_http()
    {
        pair.App.OnInvoke = (_, call) => Task.FromResult(call.Fail<InvokeResponse>(new GrpcStatus(StatusCode.NotFound, "no such order", new ErrorInfo { Reason = "OWN" })));

        using var response = await pair.Http.GetAsync("/v1.0/invoke/grpc-app/method/orders/1");

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        var body = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal((5, "no such order", "OWN"), ((int)body["code"]!, (string)body["message"]!, (string)body["details"]![0]!["reason"]!));
    }

    [Theory]
    [InlineData(StatusCode.Cancelled, 408)]
    [InlineData(StatusCode.Unknown, 500)]
    [InlineData(StatusCode.InvalidArgument, 400)]
    [InlineData(StatusCode.DeadlineExceeded, 504)]
    [InlineData(StatusCode.AlreadyExists, 409)]
    [InlineData(StatusCode.PermissionDenied, 403)]
    [InlineData(StatusCode.Unauthenticated, 401)]
    [InlineData(StatusCode.ResourceExhausted, 429)]
    [InlineData(StatusCode.FailedPrecondition, 400)]
    [InlineData(StatusCode.Aborted, 409)]
    [InlineData(StatusCode.OutOfRange, 400)]
    [InlineData(StatusCode.Unimplemented, 501)]
    [InlineData(StatusCode.Internal, 500)]
    [InlineData(StatusCode.Unavailable, 503)]
    [InlineData(StatusCode.DataLoss, 500)]
    public async Task Each_code_of_the_app_has_its_http_status(StatusCode code, int status)
    {
        pair.App.OnInvoke = (_, _) => throw new GrpcException(code, "own");

        using var response = await pair.Http.GetAsync("/v1.0/invoke/grpc-app/method/x");

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal($$"""{"code":{{(int)code}},"message":"own"}""", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    [Contract(76, 84, 86, 94)]
    public async Task A_caller_by_grpc_reaches_an_app_that_speaks_http()
    {
        pair.HttpApp.On("/orders/1", async (context, _) =>
        {
            context.Response.StatusCode = 201;
            context.Response.ContentType = "text/own";
            context.Response.Headers["Own-Header"] = "h";
            context.Response.Headers["Cache-Control"] = "no-store";
            await context.Response.WriteAsync("made");
        });
        Metadata metadata = [];
        metadata.Add("own-key", "k");
        metadata.Add("grpc-own", "g");
        metadata.Add("own-bin", [1]);
        metadata.Add("traceparent", TraceParent);
        metadata.Add("dapr-caller-app-id", "somebody else");

        var result = await pair.InvokeAsync("http-app", "/orders/./1", Verb.Patch, "data", "b=1&a=2", "text/plain", metadata);

        Assert.True(result.IsOK, result.Status.ToString());
        Assert.Equal(("made", "text/own"), (result.Message.Data.Value.ToStringUtf8(), result.Message.ContentType));
        Assert.Equal(("201", "h", "no-store"), (result.Headers.Get("dapr-http-status"), result.Headers.Get("own-header"), result.Headers.Get("dapr-cache-control")));
        var seen = await pair.HttpApp.NextAsync("/orders/1");
        Assert.Equal(("PATCH", "?b=1&a=2", "data", "text/plain"), (seen.Method, seen.Query, seen.Text, seen.Headers["Content-Type"]));
        Assert.Equal(("k", "g", GrpcPair.AppToken, "http-caller"), (seen.Headers["own-key"], seen.Headers["dapr-grpc-own"], seen.Headers["dapr-api-token"], seen.Headers["dapr-caller-app-id"]));
        Assert.StartsWith(TraceParent[..35], seen.Headers["traceparent"], StringComparison.Ordinal);
        Assert.DoesNotContain(seen.Headers.Keys, name => name.EndsWith("-bin", StringComparison.OrdinalIgnoreCase) || name.StartsWith("dapr-internal", StringComparison.OrdinalIgnoreCase) || name.StartsWith("grpc-", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    [Contract(91)]
    public async Task A_status_of_an_app_that_speaks_http_is_a_code_with_its_details()
    {
        var body = new string('x', 62) + "äbc";
        pair.HttpApp.On("/gone", 404, body, "text/plain");

        var result = await pair.InvokeAsync("http-app", "gone", Verb.Get);

        Assert.Equal((StatusCode.NotFound, "Not Found"), (result.Status.Code, result.Status.Message));
        Assert.Equal("404", result.Headers.Get("dapr-http-status"));
        var info = result.Status.Detail<ErrorInfo>()!;
        Assert.Equal(("Not Found", "dapr.io", "404", new string('x', 62)), (info.Reason, info.Domain, info.Metadata["http.code"], info.Metadata["http.error_message"]));
    }

    [Theory]
    [InlineData(204, StatusCode.OK)]
    [InlineData(302, StatusCode.Unknown)]
    [InlineData(400, StatusCode.Internal)]
    [InlineData(401, StatusCode.Unauthenticated)]
    [InlineData(403, StatusCode.PermissionDenied)]
    [InlineData(408, StatusCode.Cancelled)]
    [InlineData(409, StatusCode.AlreadyExists)]
    [InlineData(418, StatusCode.Unknown)]
    [InlineData(429, StatusCode.ResourceExhausted)]
    [InlineData(500, StatusCode.Unknown)]
    [InlineData(501, StatusCode.Unimplemented)]
    [InlineData(502, StatusCode.Unknown)]
    [InlineData(503, StatusCode.Unavailable)]
    [InlineData(504, StatusCode.DeadlineExceeded)]
    public async Task Each_http_status_of_the_app_has_its_code(int status, StatusCode code)
    {
        pair.HttpApp.On("/x", status);

        var result = await pair.InvokeAsync("http-app", "x", Verb.Post);

        Assert.Equal((code, status.ToString(CultureInfo.InvariantCulture)), (result.Status.Code, result.Headers.Get("dapr-http-status")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_response_above_the_limit_of_the_sidecar_is_refused(bool hasLength)
    {
        var large = new byte[(4 * 1024 * 1024) + 1];
        pair.HttpApp.On("/large", async (context, _) =>
        {
            if (hasLength)
                context.Response.ContentLength = large.Length;
            await context.Response.Body.WriteAsync(large);
        });

        var result = await pair.InvokeAsync("http-app", "large", Verb.Get);

        Assert.Equal(StatusCode.ResourceExhausted, result.Status.Code);
        Assert.Contains("--max-body-size", result.Status.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Verb.None)]
    [InlineData(Verb.Connect)]
    public async Task An_app_that_speaks_http_needs_a_verb(Verb verb)
    {
        var result = await pair.InvokeAsync("http-app", "x", verb);

        Assert.Equal(StatusCode.InvalidArgument, result.Status.Code);
    }

    [Fact]
    [Contract(84, 94)]
    public async Task Between_two_that_speak_grpc_nothing_is_translated()
    {
        pair.App.OnInvoke = (request, call) =>
        {
            call.ResponseHeaders.Add("own-header", "h");
            call.ResponseHeaders.Add("own-header-bin", [7, 8]);
            call.ResponseTrailers.Add("own-trailer", "t");
            return Task.FromResult(new InvokeResponse { Data = Any.Pack(new StringValue { Value = "typed" }), ContentType = "own/type" });
        };
        Metadata metadata = [];
        metadata.Add("accept", "text/x");
        metadata.Add("some-bin", [0, 255]);

        var result = await pair.InvokeAsync("grpc-app", "do/it", Verb.None, "data", contentType: "text/plain", metadata: metadata, timeout: TimeSpan.FromMinutes(1));

        Assert.True(result.IsOK, result.Status.ToString());
        Assert.Equal(("typed", "own/type"), (result.Message.Data.Unpack<StringValue>().Value, result.Message.ContentType));
        Assert.Equal(("h", "t"), (result.Headers.Get("own-header"), result.Trailers.Get("own-trailer")));
        Assert.Equal([7, 8], result.Headers.GetBytes("own-header-bin"));
        Assert.Null(result.Headers.Get("dapr-http-status"));
        var seen = Assert.Single(pair.App.Invoked, seen => seen.Message.Method == "do/it");
        Assert.Equal(("data", "text/plain", Verb.None), (seen.Text, seen.Message.ContentType, seen.Message.HttpExtension?.Verb ?? Verb.None));
        Assert.Equal(("text/x", "caller"), (seen.Metadata.Get("accept"), seen.Metadata.Get("dapr-caller-app-id")));
        Assert.Equal([0, 255], seen.Metadata.GetBytes("some-bin"));
        Assert.Equal(29, seen.Metadata.GetBytes("grpc-trace-bin")?.Length);
        Assert.NotNull(seen.Deadline);
    }

    [Fact]
    public async Task A_failure_between_two_that_speak_grpc_passes_with_its_details()
    {
        pair.App.OnInvoke = (_, call) =>
        {
            call.ResponseTrailers.Add("own-trailer", "t");
            return Task.FromResult(call.Fail<InvokeResponse>(new GrpcStatus(StatusCode.OutOfRange, "ä;b", new ErrorInfo { Reason = "OWN" })));
        };

        var result = await pair.InvokeAsync("grpc-app", "x", Verb.Post);

        Assert.Equal((StatusCode.OutOfRange, "ä;b", "OWN", "t"), (result.Status.Code, result.Status.Message, result.Status.Detail<ErrorInfo>()?.Reason, result.Trailers.Get("own-trailer")));
    }

    [Fact]
    [Contract(95)]
    public async Task Baggage_reaches_the_app_and_comes_back_and_must_be_well_formed()
    {
        pair.App.OnInvoke = (_, _) => Task.FromResult(GrpcTestApp.Text("x"));
        Metadata good = [];
        good.Add("baggage", "key1=value1,key2=value2");
        Metadata bad = [];
        bad.Add("baggage", "invalid-baggage");

        var passed = await pair.InvokeAsync("grpc-app", "baggage", Verb.Post, metadata: good);
        var refused = await pair.InvokeAsync("grpc-app", "baggage", Verb.Post, metadata: bad);

        Assert.Equal("key1=value1,key2=value2", passed.Headers.Get("baggage"));
        Assert.Equal("key1=value1,key2=value2", Assert.Single(pair.App.Invoked, seen => seen.Message.Method == "baggage").Metadata.Get("baggage"));
        Assert.Equal(StatusCode.InvalidArgument, refused.Status.Code);
        Assert.Contains("invalid baggage header", refused.Status.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Contract(77)]
    public async Task What_cannot_be_called_is_told()
    {
        var unknown = await pair.InvokeAsync("nobody", "x", Verb.Post);
        var unnamed = await pair.InvokeAsync("", "x", Verb.Post);
        var odd = await pair.InvokeAsync("grpc-app", "a%23b", Verb.Post);
        var blank = await pair.InvokeAsync("http-app", "x", Verb.Get, query: "a b");

        Assert.Equal((StatusCode.Internal, "failed to invoke, id: nobody, err: couldn't find service: nobody"), (unknown.Status.Code, unknown.Status.Message));
        Assert.Equal(StatusCode.NotFound, unnamed.Status.Code);
        Assert.Equal((StatusCode.Internal, StatusCode.Internal), (odd.Status.Code, blank.Status.Code));
    }

    [Fact]
    public async Task Headers_that_sidecars_use_among_themselves_are_no_callers()
    {
        pair.App.OnInvoke = (_, _) => Task.FromResult(GrpcTestApp.Text("x"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1.0/invoke/grpc-app/method/pretend");
        request.Headers.Add("dapr-internal-grpc", "0;;own.Type");

        using var response = await pair.Http.SendAsync(request);

        Assert.Equal("x", await response.Content.ReadAsStringAsync());
        Assert.Equal((Verb.Get, ""), (pair.App.Invoked.Single(seen => seen.Message.Method == "pretend").Message is var seen ? (seen.HttpExtension.Verb, seen.Data.TypeUrl) : default));
    }

    [Fact]
    public async Task A_deadline_ends_the_call_of_an_app_that_is_silent()
    {
        var (begun, ended) = (new TaskCompletionSource(), new TaskCompletionSource());
        pair.App.OnInvoke = async (_, call) =>
        {
            begun.TrySetResult();
            call.CancellationToken.Register(() => ended.TrySetResult());
            await Task.Delay(Timeout.Infinite, call.CancellationToken);
            return new InvokeResponse();
        };

        var codes = await Eventually.RepeatAsync(
            async () => (await pair.InvokeAsync("grpc-app", "silent", Verb.Post, timeout: TimeSpan.FromSeconds(2))).Status.Code, () => begun.Task.IsCompleted, "the call at the app");

        Assert.All(codes, code => Assert.Equal(StatusCode.DeadlineExceeded, code));
        await ended.Task.WithinAsync("the end of the call at the app");
    }
}

public sealed class CoHostedGrpcInvocationTests(CoHostedGrpcPair pair) : GrpcInvocationTests(pair), IClassFixture<CoHostedGrpcPair>;

public sealed class IsolatedGrpcInvocationTests(IsolatedGrpcPair pair) : GrpcInvocationTests(pair), IClassFixture<IsolatedGrpcPair>;
