using System.Text;
using Microsoft.AspNetCore.Http;
using Sidecar.Components.Bindings;
using Sidecar.Components.Http;
using TestSupport;

namespace Sidecar.Components.Tests.Http;

public sealed class HttpBindingTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly FakeClock _clock = new();
    private TestApp _service = null!;

    public async ValueTask InitializeAsync() => _service = await TestApp.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("create", "POST", true)]
    [InlineData("post", "POST", true)]
    [InlineData("put", "PUT", true)]
    [InlineData("patch", "PATCH", true)]
    [InlineData("get", "GET", false)]
    [InlineData("delete", "DELETE", false)]
    [InlineData("head", "HEAD", false)]
    [InlineData("options", "OPTIONS", false)]
    [InlineData("trace", "TRACE", false)]
    public async Task An_operation_is_a_verb_and_some_verbs_carry_the_data(string operation, string verb, bool hasBody)
    {
        _service.On("/", 200);
        await using var binding = await StartAsync();

        await InvokeAsync(binding, operation, "\"x\"");

        var request = Assert.Single(_service.Seen);
        Assert.Equal((verb, hasBody ? "\"x\"" : ""), (request.Method, request.Text));
        Assert.Equal("application/json; charset=utf-8", request.Headers["Accept"]);
        Assert.Equal(hasBody ? "application/json; charset=utf-8" : null, request.Headers.GetValueOrDefault("Content-Type"));
    }

    [Theory]
    [InlineData("", "", "/")]
    [InlineData("/base/", "/sub/x?q=1", "/base/sub/x")]
    [InlineData("/base", "sub", "/base/sub")]
    [InlineData("/base", "", "/base")]
    [InlineData("/base", "a b/ö", "/base/a%20b/%C3%B6")]
    public async Task The_path_of_the_request_goes_behind_the_url(string url, string path, string expected)
    {
        await using var binding = await StartAsync(url);
        await InvokeAsync(binding, "get", metadata: ("path", path));
        Assert.Equal(expected, Assert.Single(_service.Seen).Path);
    }

    [Fact]
    [Contract(103)]
    public async Task Metadata_that_begin_with_a_capital_are_headers_and_those_of_the_trace_override_them()
    {
        await using var binding = await StartAsync("", ("securityToken", "s3cret"), ("securityTokenHeader", "X-Token"));

        await InvokeAsync(
            binding, "post", "{}", ("Content-Type", "text/plain"), ("X-Own", "mine"), ("lower", "no"), ("Traceparent", "wrong"), ("traceparent", "00-right"),
            ("tracestate", "a=b"), ("baggage", "k=v"), ("X-Token", "guess"), ("Host", "elsewhere"), ("Content-Length", "1"));

        var headers = Assert.Single(_service.Seen).Headers;
        Assert.Equal(("text/plain", "mine", "00-right"), (headers["Content-Type"], headers["X-Own"], headers["traceparent"]));
        Assert.Equal(("a=b", "k=v", "s3cret"), (headers["tracestate"], headers["baggage"], headers["X-Token"]));
        Assert.False(headers.ContainsKey("lower"));
        Assert.Equal($"127.0.0.1:{_service.Port}", headers["Host"]);
    }

    [Fact]
    public async Task A_header_that_cannot_be_sent_is_an_error()
    {
        await using var binding = await StartAsync();
        foreach (var (name, value) in new[] { ("X-A", "two\r\nlines"), ("X A", "1") })
            Assert.Equal($"metadata '{name}' cannot be sent as a header", await FailAsync(binding, "get", (name, value)));
        Assert.Empty(_service.Seen);
    }

    [Fact]
    [Contract(102)]
    public async Task The_answer_has_its_status_and_headers_and_one_that_is_not_2xx_is_a_failure_unless_that_is_not_wanted()
    {
        _service.On("/", async (context, _) =>
        {
            context.Response.StatusCode = 404;
            context.Response.Headers.Append("x-two", new[] { "a", "b" });
            await context.Response.WriteAsync("nothing here");
        });
        await using var strict = await StartAsync();
        await using var lenient = await StartAsync("", ("errorIfNot2XX", "false"));

        var failed = (await InvokeAsync(strict, "get"))!;

        Assert.Equal(("received status code 404", "nothing here"), (failed.Failure, Text(failed)));
        Assert.Equal(("404", "404 Not Found", "a, b"), (failed.Metadata["statusCode"], failed.Metadata["status"], failed.Metadata["X-Two"]));
        Assert.Null((await InvokeAsync(strict, "get", metadata: ("errorIfNot2XX", "false")))!.Failure);
        Assert.Null((await InvokeAsync(lenient, "get"))!.Failure);
        Assert.NotNull((await InvokeAsync(lenient, "get", metadata: ("errorIfNot2XX", "true")))!.Failure);
    }

    [Theory]
    [InlineData("5", "01234")]
    [InlineData("1k", "0123456789")]
    [InlineData("0", "0123456789")]
    [InlineData("-1", "0123456789")]
    public async Task A_long_answer_is_cut(string limit, string expected)
    {
        _service.On("/", 200, "0123456789");
        await using var binding = await StartAsync("", ("maxResponseBodySize", limit));
        Assert.Equal(expected, Text((await InvokeAsync(binding, "get"))!));
    }

    [Fact]
    public async Task A_redirect_is_followed_with_its_body_and_takes_the_token_to_no_other_place()
    {
        await using var other = await TestApp.StartAsync(app => app.On("/there", 200, "arrived"));
        _service.On("/", Redirect("/again")).On("/again", Redirect($"http://127.0.0.1:{other.Port}/there"));
        await using var binding = await StartAsync("", ("securityToken", "s3cret"), ("securityTokenHeader", "X-Token"));

        var reply = await InvokeAsync(binding, "post", "[1]", ("X-Own", "mine"));

        Assert.Equal("arrived", Text(reply!));
        Assert.Equal(["s3cret", "s3cret"], _service.Seen.Select(request => request.Headers["X-Token"]));
        var arrived = Assert.Single(other.Seen);
        Assert.Equal(("POST", "[1]", "mine"), (arrived.Method, arrived.Text, arrived.Headers["X-Own"]));
        Assert.False(arrived.Headers.ContainsKey("X-Token"));
    }

    [Fact]
    public async Task Redirects_without_end_are_an_error()
    {
        _service.On("/", Redirect("/"));
        await using var binding = await StartAsync();
        Assert.Equal("stopped after 10 redirects", await FailAsync(binding, "get"));
    }

    [Fact]
    public async Task An_answer_that_takes_too_long_is_an_error()
    {
        var asked = new TaskCompletionSource();
        _service.On("/", async (context, _) =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        await using var binding = await StartAsync("", ("responseTimeout", "3s"));

        var failure = FailAsync(binding, "get");
        await asked.Task.WithinAsync("the request");
        _clock.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal("no answer within the responseTimeout of 3s", await failure.WithinAsync("the timeout"));
    }

    [Fact]
    public async Task A_service_that_is_not_there_is_an_error_and_a_caller_that_gives_up_is_none()
    {
        await using var binding = await StartAsync($"http://127.0.0.1:{FreePorts.Next()}", full: true);
        Assert.Contains("refused", await FailAsync(binding, "get"), StringComparison.OrdinalIgnoreCase);

        using var gone = new CancellationTokenSource();
        gone.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => binding.InvokeAsync(new BindingRequest("get", default, new Dictionary<string, string>()), gone.Token).AsTask());
    }

    [Theory]
    [InlineData("url", "ftp://example.com", "metadata field 'url' is 'ftp://example.com', expected an address such as")]
    [InlineData("url", "", "metadata field 'url' is required")]
    [InlineData("responseTimeout", "soon", "metadata field 'responseTimeout' is 'soon', expected a duration")]
    [InlineData("maxResponseBodySize", "huge", "metadata field 'maxResponseBodySize' is 'huge', expected a size")]
    [InlineData("MTLSRootCA", "/no/such/file", "metadata field 'MTLSRootCA' is neither PEM nor a file that can be read")]
    [InlineData("MTLSRootCA", "-----BEGIN NOTHING-----", "metadata fields 'MTLSRootCA', 'MTLSClientCert', 'MTLSClientKey': the root CA holds no certificate")]
    [InlineData("MTLSClientCert", "-----BEGIN CERTIFICATE-----", "metadata fields 'MTLSClientCert' and 'MTLSClientKey' need each other")]
    [InlineData("MTLSRenegotiation", "Sometimes", "metadata field 'MTLSRenegotiation' is 'Sometimes', expected RenegotiateNever")]
    public async Task A_wrong_field_keeps_it_from_starting(string field, string value, string message)
    {
        await using var binding = new HttpBinding();
        var metadata = new Dictionary<string, string> { ["url"] = "http://127.0.0.1/", [field] = value };
        var failure = await Assert.ThrowsAsync<ComponentException>(
            () => binding.InitAsync(Contexts.For(_folder, metadata: [.. metadata.Select(pair => (pair.Key, pair.Value))]), CancellationToken.None));
        Assert.StartsWith(message, failure.Message, StringComparison.Ordinal);
    }

    private async Task<HttpBinding> StartAsync(string url = "", bool full = false, params (string Name, string Value)[] metadata)
    {
        var binding = new HttpBinding();
        await binding.InitAsync(
            Contexts.For(_folder, time: _clock, metadata: [("url", full ? url : $"http://127.0.0.1:{_service.Port}{url}"), .. metadata]), CancellationToken.None);
        return binding;
    }

    private Task<HttpBinding> StartAsync(string url, params (string Name, string Value)[] metadata) => StartAsync(url, full: false, metadata);

    private static async Task<BindingReply?> InvokeAsync(HttpBinding binding, string operation, string data = "null", params (string Name, string Value)[] metadata) =>
        await binding.InvokeAsync(
            new BindingRequest(operation, Encoding.UTF8.GetBytes(data), metadata.ToDictionary(pair => pair.Name, pair => pair.Value)), CancellationToken.None);

    private static async Task<string> FailAsync(HttpBinding binding, string operation, params (string Name, string Value)[] metadata) =>
        (await Assert.ThrowsAsync<ComponentException>(() => InvokeAsync(binding, operation, metadata: metadata))).Message;

    private static Func<HttpContext, AppRequest, Task> Redirect(string to) => (context, _) =>
    {
        context.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
        context.Response.Headers.Location = to;
        return Task.CompletedTask;
    };

    private static string Text(BindingReply reply) => Encoding.UTF8.GetString(reply.Data.Span);
}
