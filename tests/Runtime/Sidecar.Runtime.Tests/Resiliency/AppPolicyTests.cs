using Sidecar.Grpc;
using Sidecar.Runtime.Telemetry;
using Sidecar.Runtime.Tests.Telemetry;
using TestSupport;

namespace Sidecar.Runtime.Tests.Resiliency;

/// <summary>Every field of the policies of an app that is called, by attempts and their times (contract 4.4 and 5.5).</summary>
public sealed class AppPolicyTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(Front.Http)]
    [InlineData(Front.Grpc)]
    [InlineData(Front.Proxy)]
    public async Task Constant_retries_come_after_their_duration_and_the_last_answer_is_the_callers(Front front)
    {
        await using var stage = await PolicyStage.StartAsync(front, "{ retries: { often: { policy: constant, duration: 2s, maxRetries: 3 } } }", "{ retry: often }");
        stage.Code = stage.Failure;

        var call = stage.CallAsync();
        for (var retry = 0; retry < 3; retry++)
            await stage.PassAsync(2 * Second);

        Assert.Equal(stage.Failure, await call.WithinAsync("the answer"));
        Assert.Equal([0, 2, 4, 6], stage.Seconds);
    }

    [Theory]
    [InlineData(Front.Http)]
    [InlineData(Front.Grpc)]
    [InlineData(Front.Proxy)]
    public async Task Exponential_retries_grow_by_half_from_half_a_second_up_to_the_longest(Front front)
    {
        await using var stage = await PolicyStage.StartAsync(front, "{ retries: { slow: { policy: exponential, maxInterval: 1500ms, maxRetries: 6 } } }", "{ retry: slow }");
        stage.Code = stage.Failure;

        var call = stage.CallAsync();
        var interval = 0.5;
        for (var retry = 0; retry < 6; retry++)
        {
            // Each pause is by chance between half of the interval and half as much again.
            Assert.InRange((await stage.PassAsync()).TotalSeconds, (0.5 * interval) - 0.001, (1.5 * interval) + 0.011);
            interval = Math.Min(1.5, interval * 1.5);
        }

        Assert.Equal(stage.Failure, await call.WithinAsync("the answer"));
        Assert.Equal(7, stage.Times.Count);
    }

    [Theory]
    [InlineData(Front.Http)]
    [InlineData(Front.Grpc)]
    [InlineData(Front.Proxy)]
    public async Task Retries_without_limit_go_on_until_it_goes_well(Front front)
    {
        await using var stage = await PolicyStage.StartAsync(front, "{ retries: { ever: { duration: 1s, maxRetries: -1 } } }", "{ retry: ever }");
        stage.Code = stage.Failure;

        var call = stage.CallAsync();
        for (var retry = 0; retry < 20; retry++)
            await stage.PassAsync(Second);
        await stage.PausedAsync();
        stage.Code = 0;
        stage.Clock.Advance(Second);

        Assert.Equal(0, await call.WithinAsync("the answer"));
        Assert.Equal(22, stage.Times.Count);
    }

    [Theory]
    [InlineData(Front.Http)]
    [InlineData(Front.Grpc)]
    [InlineData(Front.Proxy)]
    public async Task No_retries_are_none_and_a_policy_that_does_not_exist_is_none(Front front)
    {
        foreach (var policies in (string[])["{ retries: { never: { maxRetries: 0 } } }", "{ retries: {} }"])
        {
            await using var stage = await PolicyStage.StartAsync(front, policies, "{ retry: never }");
            stage.Code = stage.Failure;

            Assert.Equal(stage.Failure, await stage.CallAsync().WithinAsync("the answer"));
            Assert.Single(stage.Times);
        }
    }

    [Theory]
    [InlineData(Front.Http)]
    [InlineData(Front.Grpc)]
    [InlineData(Front.Proxy)]
    [Contract(96)]
    public async Task Contract_096_default_policies_apply_to_an_app_that_no_target_names(Front front)
    {
        await using var stage = await PolicyStage.StartAsync(front, "{ retries: { DefaultAppRetryPolicy: { policy: constant, duration: 1s, maxRetries: 3 }, DefaultRetryPolicy: { maxRetries: 0 } } }");
        Assert.Equal(0, await stage.CallAsync().WithinAsync("the answer to the call that goes well"));
        Assert.Single(stage.Times);
        stage.Times.Clear();
        stage.Code = front == Front.Http ? 400 : 3;

        var call = stage.CallAsync();
        for (var retry = 0; retry < 3; retry++)
            await stage.PassAsync(Second);

        Assert.Equal(stage.Code, await call.WithinAsync("the answer"));
        Assert.Equal([0, 1, 2, 3], stage.Seconds);
    }

    [Theory]
    [InlineData(Front.Http, 501, 2)]
    [InlineData(Front.Http, 429, 2)]
    [InlineData(Front.Http, 500, 1)]
    [InlineData(Front.Http, 404, 1)]
    [InlineData(Front.Grpc, 14, 2)]
    [InlineData(Front.Grpc, 4, 2)]
    [InlineData(Front.Grpc, 5, 1)]
    [InlineData(Front.Proxy, 14, 2)]
    [InlineData(Front.Proxy, 4, 2)]
    [InlineData(Front.Proxy, 5, 1)]
    [Contract(97)]
    public async Task Contract_097_only_codes_that_match_are_retried(Front front, int code, int attempts)
    {
        await using var stage = await PolicyStage.StartAsync(
            front, "{ retries: { some: { duration: 1s, maxRetries: 1, matching: { httpStatusCodes: \"200,302,429,501-503\", gRPCStatusCodes: \"0,2-4,14\" } } } }", "{ retry: some }");
        stage.Code = code;

        var call = stage.CallAsync();
        if (attempts > 1)
            await stage.PassAsync(Second);

        Assert.Equal(code, await call.WithinAsync("the answer"));
        Assert.Equal(attempts, stage.Times.Count);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(302)]
    [Contract(97)]
    public async Task Contract_097_what_goes_well_is_never_retried_even_when_listed(int status)
    {
        await using var stage = await PolicyStage.StartAsync(Front.Http, "{ retries: { some: { maxRetries: 3, matching: { httpStatusCodes: \"200-399\" } } } }", "{ retry: some }");
        stage.Code = status;

        await stage.CallAsync().WithinAsync("the answer");

        Assert.Single(stage.Times);
    }

    [Theory]
    [InlineData(Front.Http)]
    [InlineData(Front.Grpc)]
    [InlineData(Front.Proxy)]
    [Contract(99)]
    public async Task Contract_099_a_timeout_cancels_the_attempt_and_is_retried(Front front)
    {
        await using var stage = await PolicyStage.StartAsync(
            front, "{ timeouts: { fast: 500ms }, retries: { once: { duration: 3s, maxRetries: 1 } } }", "{ timeout: fast, retry: once }");
        var cancelled = 0;
        stage.Hold = async token =>
        {
            await Task.Delay(Timeout.Infinite, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Interlocked.Increment(ref cancelled);
        };

        var call = stage.CallAsync();
        await stage.AttemptAsync(1);
        await stage.LimitedAsync();
        stage.Clock.Advance(TimeSpan.FromMilliseconds(500));
        await Eventually.TrueAsync(() => cancelled == 1, "the end of the app's first request");
        await stage.PassAsync(3 * Second);
        await stage.LimitedAsync();
        Assert.False(call.IsCompleted);
        stage.Clock.Advance(TimeSpan.FromMilliseconds(500));

        Assert.Equal(stage.Late, await call.WithinAsync("the answer"));
        await Eventually.TrueAsync(() => cancelled == 2, "the end of the app's second request");
        Assert.Equal([0, 3.5], stage.Seconds);
    }

    [Theory]
    [InlineData(Front.Http)]
    [InlineData(Front.Grpc)]
    [InlineData(Front.Proxy)]
    [Contract(98, 100)]
    public async Task Contract_098_a_breaker_opens_by_its_condition_and_closes_by_a_probe(Front front)
    {
        await using var stage = await PolicyStage.StartAsync(front, "{ circuitBreakers: { quick: { timeout: 10s, trip: consecutiveFailures >= 3 } } }", "{ circuitBreaker: quick }");
        for (var call = 0; call < 10; call++)
            Assert.Equal(0, await stage.CallAsync().WithinAsync("a call that goes well"));
        stage.Code = stage.Failure;
        for (var call = 0; call < 3; call++)
            Assert.Equal(stage.Failure, await stage.CallAsync().WithinAsync("a call that fails"));

        Assert.Equal(stage.Refusal, await stage.CallAsync().WithinAsync("the call that is kept back"));
        Assert.Equal(13, stage.Times.Count);
        stage.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(stage.Refusal, await stage.CallAsync().WithinAsync("the call before the time is over"));
        stage.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(stage.Failure, await stage.CallAsync().WithinAsync("the probe that fails"));
        Assert.Equal(stage.Refusal, await stage.CallAsync().WithinAsync("the call after it"));
        stage.Clock.Advance(TimeSpan.FromSeconds(11));
        stage.Code = 0;
        Assert.Equal(0, await stage.CallAsync().WithinAsync("the probe that goes well"));
        Assert.Equal(0, await stage.CallAsync().WithinAsync("the call through the closed breaker"));
        Assert.Equal(16, stage.Times.Count);
    }

    [Theory]
    [InlineData(Front.Http)]
    [InlineData(Front.Grpc)]
    public async Task Each_method_of_an_app_has_a_breaker_of_its_own(Front front)
    {
        await using var stage = await PolicyStage.StartAsync(front, "{ circuitBreakers: { quick: { trip: consecutiveFailures >= 1 } } }", "{ circuitBreaker: quick }");
        stage.Code = stage.Failure;
        await stage.CallAsync().WithinAsync("the call that opens it");

        Assert.Equal(stage.Refusal, await stage.CallAsync().WithinAsync("the call that is kept back"));
        Assert.Equal(stage.Failure, await stage.CallAsync("y").WithinAsync("the call of another method"));
        Assert.Equal(2, stage.Times.Count);
    }

    [Fact]
    public async Task A_call_that_an_open_breaker_keeps_back_is_not_retried()
    {
        await using var stage = await PolicyStage.StartAsync(
            Front.Http, "{ retries: { ever: { duration: 1s } }, circuitBreakers: { quick: { trip: consecutiveFailures >= 2 } } }", "{ retry: ever, circuitBreaker: quick }");
        stage.Code = 500;

        var call = stage.CallAsync();
        await stage.PassAsync(Second);
        await stage.PausedAsync();
        stage.Clock.Advance(Second);

        Assert.Equal(500, await call.WithinAsync("the answer"));
        Assert.Equal(2, stage.Times.Count);
    }

    [Theory]
    [InlineData(Front.Http)]
    [InlineData(Front.Grpc)]
    [InlineData(Front.Proxy)]
    public async Task Each_attempt_has_the_whole_body(Front front)
    {
        await using var stage = await PolicyStage.StartAsync(front, "{ retries: { once: { duration: 1s, maxRetries: 1 } } }", "{ retry: once }");
        stage.Code = stage.Failure;
        var body = new string('b', 300_000);

        var call = stage.CallAsync(body: body);
        await stage.PassAsync(Second);
        await call.WithinAsync("the answer");

        Assert.Equal([body, body], stage.Bodies);
    }

    [Fact]
    [Contract(81)]
    public async Task A_body_that_streams_is_sent_once()
    {
        await using var stage = await PolicyStage.StartAsync(Front.Http, "{ retries: { once: { maxRetries: 1 } } }", "{ retry: once }");
        stage.Code = 503;
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1.0/invoke/me/method/x", UriKind.Relative)) { Content = new StringContent("text") };
        request.Headers.TransferEncodingChunked = true;

        using var response = await stage.Sidecar.Client.SendAsync(request);

        Assert.Equal(503, (int)response.StatusCode);
        Assert.Single(stage.Times);
    }

    [Theory]
    [InlineData("true", 0)]
    [InlineData("false", (int)StatusCode.DeadlineExceeded)]
    public async Task A_proxied_call_that_says_it_is_a_stream_may_take_longer_than_the_timeout(string isStream, int expected)
    {
        await using var stage = await PolicyStage.StartAsync(Front.Proxy, "{ timeouts: { fast: 1s } }", "{ timeout: fast }");
        var held = new TaskCompletionSource();
        stage.Hold = held.Task.WaitAsync;

        var call = stage.CallAsync(metadata: new MetadataEntry("dapr-stream", isStream));
        await stage.AttemptAsync(1);
        stage.Clock.Advance(2 * Second);
        if (expected == 0)
            held.SetResult();

        Assert.Equal(expected, await call.WithinAsync("the answer"));
    }

    [Theory]
    [InlineData("http://{0}")]
    [InlineData("http%3A%2F%2F{0}")]
    [InlineData("HTTP://{0}")]
    public async Task A_url_has_its_policies_however_it_is_written(string url)
    {
        var seen = 0;
        await using var service = await TestApp.StartAsync(app => app.On("/x", (context, _) =>
        {
            context.Response.StatusCode = ++seen < 3 ? 503 : 200;
            return Task.CompletedTask;
        }));
        await using var stage = await PolicyStage.StartAsync(Front.Http, "{ retries: { often: { duration: 1s, maxRetries: 2 } } }", others: $"'http://127.0.0.1:{service.Port}': {{ retry: often }}");

        var call = stage.Sidecar.GetAsync($"/v1.0/invoke/{string.Format(System.Globalization.CultureInfo.InvariantCulture, url, $"127.0.0.1:{service.Port}")}/method/x");
        for (var retry = 0; retry < 2; retry++)
        {
            await stage.PausedAsync();
            stage.Clock.Advance(Second);
        }

        Assert.Equal(200, (await call.WithinAsync("the answer")).Status);
        Assert.Equal(3, seen);
    }

    [Fact]
    public async Task What_a_policy_does_is_told_with_its_name_the_attempt_and_the_cause()
    {
        await using var stage = await PolicyStage.StartAsync(
            Front.Http,
            "{ timeouts: { fast: 1s }, retries: { often: { duration: 2s, maxRetries: 1 } }, circuitBreakers: { quick: { trip: consecutiveFailures >= 2 } } }",
            "{ timeout: fast, retry: often, circuitBreaker: quick }");
        stage.Code = 503;
        var call = stage.CallAsync();
        await stage.PassAsync(2 * Second);
        await call.WithinAsync("the answer");
        await stage.CallAsync().WithinAsync("the call that is kept back");

        Assert.Contains(stage.Sidecar.Log, line => line.Contains("POST /x (app me) failed: the app answered 503; tried again in 2 s, for the 1. time, by the retry policy often", StringComparison.Ordinal));
        Assert.Contains(stage.Sidecar.Log, line => line.Contains("The circuit breaker quick of app me x is open and was closed: of 2 calls 2 had failed, the last 2 in a row", StringComparison.Ordinal));
        Assert.Contains(stage.Sidecar.Log, line => line.Contains("POST /x (app me) was kept back: circuit breaker is open, by the circuit breaker policy quick", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_policy_does_is_counted_and_marked_in_the_span_of_the_call()
    {
        await using var stage = await PolicyStage.StartAsync(
            Front.Http, "{ retries: { marked-too: { duration: 2s, maxRetries: 1 } }, circuitBreakers: { marked: { trip: consecutiveFailures >= 2 } } }", "{ retry: marked-too, circuitBreaker: marked }");
        using var metrics = new CountedMetrics(labels => labels.GetValueOrDefault("name") is "marked" or "marked-too", "name", "policy", "status");
        stage.Code = 503;

        var call = stage.CallAsync();
        await stage.PassAsync(2 * Second);
        await call.WithinAsync("the answer");
        await stage.CallAsync().WithinAsync("the call that is kept back");

        Assert.Equal(
            [
                "dapr_resiliency_count 1 marked-too retry",
                "dapr_resiliency_count 1 marked circuitbreaker",
                "dapr_resiliency_activations_total 1 marked-too retry retried",
                "dapr_resiliency_activations_total 1 marked circuitbreaker open",
                "dapr_resiliency_cb_state 2 marked circuitbreaker",
                "dapr_resiliency_count 1 marked-too retry",
                "dapr_resiliency_count 1 marked circuitbreaker",
                "dapr_resiliency_activations_total 1 marked circuitbreaker kept back",
            ],
            metrics.All);
        // A span ends a moment after its answer.
        await Eventually.TrueAsync(() => stage.Spans.SelectMany(span => span.Events).Count() >= 3, "the spans to end");
        var marks = stage.Spans.SelectMany(span => span.Events).Select(mark => $"{mark.Name} {mark.Tags.Single(tag => tag.Key == "dapr.resiliency.policy").Value}").ToList();
        Assert.Equal(["resiliency.retry marked-too", "resiliency.breaker marked", "resiliency.refusal marked"], marks);
    }
}
