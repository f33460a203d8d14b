using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Services.Tests.Fakes;
using Shop.Gateway;
using TestSupport;

namespace Services.Tests.Gateway;

public sealed class GatewayTests
{
    private const string Order = """{"customerId":"c1","lines":[{"sku":"tea","quantity":2}],"paymentToken":"tok_ok"}""";

    [Fact]
    public async Task UntilEveryServiceHasBeenReady_EveryRouteIs503WithRetryAfter()
    {
        var (ready, clock) = (new ConcurrentDictionary<string, bool>(), new FakeClock());
        foreach (var app in new[] { "orders", "inventory", "payments" })
            ready[app] = true;
        await using var gateway = await StartAsync(_ => StubHandler.Reply(HttpStatusCode.OK, "[]"), ready.ContainsKey, clock);

        foreach (var path in new[] { "/api/products", "/api/orders/1" })
        {
            using var refused = await PassingAsync(clock, gateway.Client.GetAsync(path));
            await IsUnavailableAsync(refused);
        }

        using (var refused = await PassingAsync(clock, PostAsync(gateway, Order)))
            await IsUnavailableAsync(refused);

        ready["notifications"] = true;
        await PassingAsync(clock, OpenAsync(gateway));

        // It was ready once, and what it is worth now is for each request to find out.
        ready.Clear();
        Assert.Equal("[]", await gateway.Client.GetStringAsync("/api/products"));
    }

    [Fact]
    public async Task RequestJustBeforeTheGateOpens_WaitsForIt()
    {
        var (isReady, clock) = (false, new FakeClock());
        await using var gateway = await StartAsync(
            _ => StubHandler.Reply(HttpStatusCode.Accepted, "{}"), app => app != "payments" || Volatile.Read(ref isReady), clock);
        var early = PostAsync(gateway, Order);
        await Eventually.TrueAsync(() => clock.ArmedTimers >= 2, "the request to be held, beside the pause of the gate");
        Assert.False(early.IsCompleted);

        // In steps so small that the gate has opened long before the request is held no longer.
        Volatile.Write(ref isReady, true);
        using var accepted = await PassingAsync(clock, early, TimeSpan.FromMilliseconds(2));
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
    }

    [Fact]
    public async Task Submit_ForwardsBodyAndKey_AndAnswersWithThePublicLocation()
    {
        HttpRequestMessage? seen = null;
        string? body = null;
        await using var gateway = await StartAsync(request =>
        {
            (seen, body) = (request, request.Content!.ReadAsStringAsync().GetAwaiter().GetResult());
            var accepted = StubHandler.Reply(HttpStatusCode.Accepted, """{"id":"7","status":"Submitted"}""");
            accepted.Headers.Location = new Uri("/orders/7", UriKind.Relative);
            return accepted;
        });
        await OpenAsync(gateway);
        using var response = await PostAsync(gateway, Order, "key");

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal("/api/orders/7", response.Headers.Location!.OriginalString);
        Assert.Equal("""{"id":"7","status":"Submitted"}""", await response.Content.ReadAsStringAsync());
        Assert.Equal(("http://orders/orders", Order), (seen!.RequestUri!.ToString(), body));
        Assert.Equal(["key"], seen.Headers.GetValues("Idempotency-Key"));

        // Never sent a second time by a sidecar.
        Assert.True(seen.Headers.TransferEncodingChunked);
    }

    [Theory]
    [InlineData(HttpStatusCode.BadRequest)]
    [InlineData(HttpStatusCode.NotFound)]
    [InlineData(HttpStatusCode.UnprocessableEntity)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    public async Task ProblemDetailsOfAService_PassAsTheyAre(HttpStatusCode status)
    {
        const string Problem = """{"status":1,"errors":{"customerId":["A value is required."]}}""";
        await using var gateway = await StartAsync(_ => StubHandler.Reply(status, Problem, "application/problem+json"));
        await OpenAsync(gateway);
        using var response = await PostAsync(gateway, Order);

        Assert.Equal((status, Problem), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(status == HttpStatusCode.ServiceUnavailable, response.Headers.RetryAfter is not null);
    }

    [Theory]
    [InlineData(HttpStatusCode.InternalServerError, "ERR_DIRECT_INVOKE")]
    [InlineData(HttpStatusCode.Forbidden, "ERR_DIRECT_INVOKE")]
    [InlineData(HttpStatusCode.NotFound, "ERR_DIRECT_INVOKE")]
    public async Task ErrorOfASidecar_Is503AndKeptFromThePublic(HttpStatusCode status, string code)
    {
        await using var gateway = await StartAsync(_ => StubHandler.Reply(status, $$"""{"errorCode":"{{code}}","message":"secret"}"""));
        await OpenAsync(gateway);
        using var response = await gateway.Client.GetAsync("/api/orders/7");

        var body = await IsUnavailableAsync(response);
        Assert.DoesNotContain(code, body, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnreachableSidecar_Is503()
    {
        await using var gateway = await StartAsync(_ => throw new HttpRequestException("connection refused"));
        await OpenAsync(gateway);
        using var response = await gateway.Client.GetAsync("/api/products");
        await IsUnavailableAsync(response);
    }

    [Theory]
    [InlineData(256 * 1024, HttpStatusCode.OK)]
    [InlineData((256 * 1024) + 1, HttpStatusCode.RequestEntityTooLarge)]
    public async Task Body_HasALargestSize_WithAndWithoutALengthAhead(int size, HttpStatusCode expected)
    {
        await using var gateway = await StartAsync(_ => StubHandler.Reply(HttpStatusCode.OK, "{}"));
        await OpenAsync(gateway);
        foreach (var chunked in new[] { false, true })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/orders") { Content = new StringContent(new string(' ', size)) };
            request.Headers.TransferEncodingChunked = chunked;
            using var response = await gateway.Client.SendAsync(request);
            Assert.Equal(expected, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("a%3Fb")]
    [InlineData("a%23b")]
    [InlineData("..%2F..%2Fpayments")]
    [InlineData("x%7C%7Cy")]
    public async Task IdThatCannotBeOne_Is404WithoutACall(string id)
    {
        var called = false;
        await using var gateway = await StartAsync(_ =>
        {
            called = true;
            return StubHandler.Reply(HttpStatusCode.OK, "{}");
        });
        await OpenAsync(gateway);
        using var response = await gateway.Client.GetAsync($"/api/orders/{id}");
        Assert.Equal((HttpStatusCode.NotFound, false), (response.StatusCode, called));
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task KeyThatNoHeaderCanCarryOn_Is400()
    {
        await using var gateway = await StartAsync(_ => StubHandler.Reply(HttpStatusCode.OK, "{}"));
        await OpenAsync(gateway);
        using var response = await PostAsync(gateway, Order, "schlüssel");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("Idempotency-Key", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static async Task<HttpResponseMessage> PostAsync(ServiceHost gateway, string body, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/orders") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (key is not null)
            request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        return await gateway.Client.SendAsync(request);
    }

    private static async Task<string> IsUnavailableAsync(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        return await response.Content.ReadAsStringAsync();
    }

    private static Task OpenAsync(ServiceHost gateway) => Eventually.TrueAsync(
        async () =>
        {
            using var ready = await gateway.Client.GetAsync("/readyz");
            return ready.IsSuccessStatusCode;
        },
        "the gate to open");

    /// <summary>Lets time pass until the task has ended.</summary>
    private static async Task<T> PassingAsync<T>(FakeClock clock, Task<T> task, TimeSpan? step = null)
    {
        await PassingAsync(clock, (Task)task, step);
        return await task;
    }

    private static async Task PassingAsync(FakeClock clock, Task task, TimeSpan? step = null)
    {
        await Eventually.TrueAsync(
            () =>
            {
                clock.Advance(step ?? TimeSpan.FromMilliseconds(100));
                return task.IsCompleted;
            },
            "the gate or a request to it");
        await task;
    }

    private static Task<ServiceHost> StartAsync(
        Func<HttpRequestMessage, HttpResponseMessage> answer, Func<string, bool>? isReady = null, TimeProvider? clock = null)
    {
        var handler = new StubHandler(request => request.RequestUri!.AbsolutePath != "/readyz"
            ? answer(request)
            : new HttpResponseMessage(isReady?.Invoke(request.RequestUri.Host) != false ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable));
        return ServiceHost.StartAsync(
            services => services.AddSingleton(new ServiceInvoker(new HttpClient(handler))).AddSingleton<Forwarder>().AddSingleton<ReadinessGate>()
                .AddSingleton<Shop.ServiceDefaults.IReadiness>(provider => provider.GetRequiredService<ReadinessGate>())
                .AddHostedService(provider => provider.GetRequiredService<ReadinessGate>()),
            app => app.MapGateway(),
            clock: clock);
    }
}
