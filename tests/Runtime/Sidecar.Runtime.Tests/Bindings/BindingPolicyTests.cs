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

    private static int Events(TestApp app) => app.Seen.Count(request => request.Method == "POST");

    private async Task<TestSidecar> StartAsync(TestApp? app, string policies, string components)
    {
        Folder.Write("components/resiliency.yaml", $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: { name: r }
            spec:
              policies: {{policies}}
              targets: { components: {{components}} }
            """);

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

    /// <summary>Lets a second pass that begins after so many attempts, and awaits the next.</summary>
    private async Task PassAsync(Func<int> attempts, int after)
    {
        await Eventually.TrueAsync(() => attempts() == after && Clock.ArmedTimers > 0, $"the pause after attempt {after}");
        Clock.Advance(Second - TimeSpan.FromTicks(1));
        Assert.Equal(after, attempts());
        Clock.Advance(TimeSpan.FromTicks(1));
        await Eventually.TrueAsync(() => attempts() == after + 1, $"attempt {after + 1}");
    }
}
