using System.Text;
using Sidecar.Components;
using Sidecar.Components.Bindings;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Bindings;

/// <summary>Policies of bindings, in both directions (contract section 4.4): attempts are counted, and the clock stands still between them.</summary>
public sealed class BindingPolicyTests : BindingsHost
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task An_event_that_the_app_does_not_take_comes_again_as_the_inbound_policy_says()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/in", 503));
        await using var sidecar = await StartAsync(app, "{ retries: { twice: { duration: 1s, maxRetries: 2 } } }", "{ in: { inbound: { retry: twice } } }");

        var handled = EventAsync("in");
        await PassAsync(() => Events(app), 1);
        await PassAsync(() => Events(app), 2);

        Assert.False((await handled.WithinAsync("what becomes of the event")).IsHandled);
        Assert.Equal(3, Events(app));
        await sidecar.LineAsync("an event of in (component in (inbound)) failed: the app answered POST /in with 503; tried again in 1 s, for the 1. time, by the retry policy twice");
    }

    [Fact]
    public async Task An_event_that_is_taken_at_last_is_handled()
    {
        var attempts = 0;
        await using var app = await TestApp.StartAsync(app => app.On("/in", (context, request) =>
        {
            if (request.Method == "POST")
                context.Response.StatusCode = Interlocked.Increment(ref attempts) < 2 ? 503 : 200;
            return Task.CompletedTask;
        }));
        await using var sidecar = await StartAsync(app, "{ retries: { twice: { duration: 1s, maxRetries: 2 } } }", "{ in: { inbound: { retry: twice } } }");

        var handled = EventAsync("in");
        await PassAsync(() => Events(app), 1);

        Assert.True((await handled.WithinAsync("what becomes of the event")).IsHandled);
    }

    [Fact]
    public async Task An_app_that_takes_too_long_over_an_event_is_given_up_and_the_breaker_keeps_the_next_back()
    {
        var arrived = new TaskCompletionSource();
        await using var app = await TestApp.StartAsync(app => app.On("/in", async (context, request) =>
        {
            if (request.Method != "POST")
                return;
            arrived.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        }));
        await using var sidecar = await StartAsync(
            app, "{ timeouts: { fast: 1s }, circuitBreakers: { quick: { timeout: 60s, trip: consecutiveFailures >= 1 } } }", "{ in: { inbound: { timeout: fast, circuitBreaker: quick } } }");

        var late = EventAsync("in");
        await arrived.Task.WithinAsync("the event");
        await Eventually.TrueAsync(() => Clock.ArmedTimers > 0, "the timer of the policy");
        Clock.Advance(Second);

        Assert.False((await late.WithinAsync("what becomes of the event")).IsHandled);
        Assert.False((await EventAsync("in").WithinAsync("what becomes of the next")).IsHandled);
        Assert.Equal(1, Events(app));
        await sidecar.LineAsync("an event of in (component in (inbound)) was kept back: circuit breaker is open, by the circuit breaker policy quick");
    }

    [Fact]
    public async Task A_binding_that_fails_is_called_again_as_the_outbound_policy_says()
    {
        await using var sidecar = await StartAsync(app: null, "{ retries: { twice: { duration: 1s, maxRetries: 2 } } }", "{ out: { outbound: { retry: twice } } }");
        Answer = _ => Calls.Count < 3 ? throw new ComponentException("not now") : new BindingReply(Encoding.UTF8.GetBytes("done"), new Dictionary<string, string>());

        var call = InvokeAsync(sidecar, "out", """{"operation":"create","data":1}""");
        await PassAsync(() => Calls.Count, 1);
        await PassAsync(() => Calls.Count, 2);

        Assert.Equal((200, "done"), await call.WithinAsync("the answer") is var answered ? (answered.Status, answered.Body) : default);
        Assert.Equal(3, Calls.Count);
    }

    [Theory]
    [InlineData(3, 200, "done")]
    [InlineData(4, 500, "error invoking output binding out: received status code 503")]
    public async Task A_binding_that_answers_with_a_failure_is_called_again_and_the_last_answer_counts(int good, int status, string told)
    {
        await using var sidecar = await StartAsync(app: null, "{ retries: { twice: { duration: 1s, maxRetries: 2 } } }", "{ out: { outbound: { retry: twice } } }");
        Answer = _ => new BindingReply(Encoding.UTF8.GetBytes("done"), new Dictionary<string, string> { ["call"] = $"{Calls.Count}" })
        {
            Failure = Calls.Count < good ? "received status code 503" : null,
        };

        var call = InvokeAsync(sidecar, "out", """{"operation":"create","data":1}""");
        await PassAsync(() => Calls.Count, 1);
        await PassAsync(() => Calls.Count, 2);
        var answered = await call.WithinAsync("the answer");

        Assert.Equal((status, 3, "3"), (answered.Status, Calls.Count, answered.Headers["Metadata.call"]));
        Assert.Contains(told, answered.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failures_that_a_binding_answers_trip_its_breaker()
    {
        await using var sidecar = await StartAsync(
            app: null, "{ circuitBreakers: { quick: { timeout: 60s, trip: consecutiveFailures >= 2 } } }", "{ out: { outbound: { circuitBreaker: quick } } }");
        Answer = _ => new BindingReply(default, new Dictionary<string, string>()) { Failure = "received status code 503" };

        var answers = new List<string?>();
        for (var call = 0; call < 3; call++)
            answers.Add((await InvokeAsync(sidecar, "out", """{"operation":"create"}""")).Error.Message);

        const string Failure = "error invoking output binding out: received status code 503";
        Assert.Equal([Failure, Failure, "error invoking output binding out: circuit breaker is open (circuit breaker policy quick)"], answers);
        Assert.Equal(2, Calls.Count);
    }

    [Fact]
    public async Task An_answer_of_2xx_that_is_not_200_is_tried_again_and_handled_in_the_end()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/in", 202));
        await using var sidecar = await StartAsync(app, "{ retries: { twice: { duration: 1s, maxRetries: 2 } } }", "{ in: { inbound: { retry: twice } } }");

        var handled = EventAsync("in");
        await PassAsync(() => Events(app), 1);
        await PassAsync(() => Events(app), 2);

        Assert.True((await handled.WithinAsync("what becomes of the event")).IsHandled);
        Assert.Equal(3, Events(app));
        Assert.DoesNotContain(sidecar.Log, line => line.Contains("is not handled", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_stop_ends_the_pause_between_two_attempts()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/in", 503));
        await using var sidecar = await StartAsync(app, "{ retries: { ever: { duration: 1s } } }", "{ in: { inbound: { retry: ever } } }");
        var handled = EventAsync("in");
        await Eventually.TrueAsync(() => Events(app) == 1 && Clock.ArmedTimers > 0, "the pause");

        var stopping = sidecar.Instance.StopAsync();

        Assert.False((await OutcomeAtStopAsync(app, handled)).IsHandled);
        await stopping.WithinAsync("the stop");
        Assert.Equal(1, Events(app));
        await sidecar.LineAsync("An event of input binding in is not handled: the app answered POST /in with 503");
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(202, true)]
    [InlineData(503, false)]
    public async Task An_attempt_that_is_under_way_at_a_stop_is_finished_and_is_the_last(int status, bool isHandled)
    {
        var (arrived, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var app = await TestApp.StartAsync(app => app.On("/in", async (context, _) =>
        {
            arrived.TrySetResult();
            await answer.Task;
            context.Response.StatusCode = status;
        }));
        await using var sidecar = await StartAsync(app, "{ retries: { ever: { duration: 1s } } }", "{ in: { inbound: { retry: ever } } }");
        var handled = EventAsync("in");
        await arrived.Task.WithinAsync("the event");

        var stopping = sidecar.Instance.StopAsync();
        await Eventually.TrueAsync(() => Running.IsEmpty, "the end of the binding");
        answer.SetResult();

        Assert.Equal(isHandled, (await OutcomeAtStopAsync(app, handled)).IsHandled);
        await stopping.WithinAsync("the stop");
        Assert.Equal(1, Events(app));
    }

    // A stop that waits for the event, which it is not to do, ends nevertheless.
    private async Task<BindingOutcome> OutcomeAtStopAsync(TestApp app, Task<BindingOutcome> handled)
    {
        try
        {
            return await handled.WithinAsync("what becomes of the event");
        }
        catch (TimeoutException)
        {
            app.On("/in", 200);
            Clock.Advance(Second);
            throw;
        }
    }

    private static int Events(TestApp app) => app.Seen.Count(request => request.Method == "POST");

    private async Task<TestSidecar> StartAsync(TestApp? app, string policies, string components)
    {
        WithPolicies(policies, components);

        // No timer but those of policies: a test counts them.
        Folder.Write("config.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: { name: c }\nspec: { features: [ { name: HotReload, enabled: false } ] }");
        var sidecar = await With("in", metadata: ("direction", "input")).With("out", metadata: ("direction", "output")).StartAsync(app, options => options with { LogLevel = Microsoft.Extensions.Logging.LogLevel.Debug });
        if (app is not null)
            await Eventually.TrueAsync(() => Running.ContainsKey("in"), "the binding that runs");
        await Eventually.TrueAsync(() => Clock.ArmedTimers == 0, "the end of all timers of the start");
        return sidecar;
    }

    private async Task<BindingOutcome> EventAsync(string name) =>
        await Running[name](new BindingEvent(Encoding.UTF8.GetBytes("{}"), new Dictionary<string, string>()), CancellationToken.None);

    /// <summary>Lets a second pass that begins after so many attempts, fails if the pause is shorter, and awaits the next attempt.</summary>
    private async Task PassAsync(Func<int> attempts, int after)
    {
        await Eventually.TrueAsync(() => attempts() == after && Clock.ArmedTimers > 0, $"the pause after attempt {after}");
        Clock.Advance(Second - TimeSpan.FromTicks(1));
        Assert.True(Clock.ArmedTimers > 0, $"the pause after attempt {after} was shorter than {Second}");
        Clock.Advance(TimeSpan.FromTicks(1));
        await Eventually.TrueAsync(() => attempts() == after + 1, $"attempt {after + 1}");
    }
}
