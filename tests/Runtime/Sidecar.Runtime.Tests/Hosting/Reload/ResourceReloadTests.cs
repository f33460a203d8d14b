using Sidecar.Components;
using TestSupport;
using static Sidecar.Runtime.Tests.Hosting.Reload.ReloadSetup;

namespace Sidecar.Runtime.Tests.Hosting.Reload;

/// <summary>What one reload does to components, and in which order the slices hear of it.</summary>
public sealed class ResourceReloadTests
{
    [Fact]
    [Contract(156)]
    public async Task Components_come_change_and_go_with_their_files_and_others_are_not_touched()
    {
        await using var setup = await new ReloadSetup().With("a.yaml", Component("a", "1")).With("b.yaml", Component("b", "1")).With("same.yaml", Component("same")).StartAsync();
        var (a, b, same) = (setup.Running("a"), setup.Running("b"), setup.Running("same"));

        await setup.With("a.yaml", Component("a", "2")).With("b.yaml", null).With("c.yaml", Component("c")).ReloadAsync();

        Assert.Equal(["a", "same", "c"], setup.Names);
        Assert.Equal("2", setup.Running("a").Value);
        Assert.Same(same, setup.Running("same"));
        Assert.True(a.IsClosed && b.IsClosed && !same.IsClosed);
        Assert.Equal(["-b", "-a", "+a", "+c"], setup.Feature.Told);
        Assert.Equal(setup.Feature.Told, setup.Second.Told);
    }

    [Fact]
    [Contract(156)]
    public async Task A_component_may_change_its_type()
    {
        await using var setup = await new ReloadSetup().With("a.yaml", Component("a")).StartAsync();

        await setup.With("a.yaml", Component("a", type: "state.other")).ReloadAsync();

        Assert.Equal("state.other", Assert.Single(setup.Registry.All).Type.Type);
    }

    [Fact]
    public async Task Comments_order_quotes_and_another_file_change_nothing()
    {
        await using var setup = await new ReloadSetup().With("a.yaml", Component("a", "1")).With("s.yaml", Subscription("s", "t")).StartAsync();
        var before = setup.Running("a");

        await setup.With("a.yaml", null).With("s.yaml", $"# subscriptions\n{Subscription("s", "t")}").With("z.yaml", """
            # the same, said in other words
            kind: Component
            apiVersion: "dapr.io/v1alpha1"
            spec:
              version: 'v1'
              metadata: [{ value: '1', name: value }]
              type: state.probe
            metadata: { name: a }
            """).ReloadAsync();

        Assert.Same(before, setup.Running("a"));
        Assert.Empty(setup.Feature.Told);
        Assert.Empty(setup.Log);
    }

    [Fact]
    public async Task A_changed_component_that_cannot_start_leaves_the_old_one_and_says_so_once()
    {
        await using var setup = await new ReloadSetup().With("a.yaml", Component("a", "1")).StartAsync();
        var before = setup.Running("a");

        await setup.With("a.yaml", Component("a", "bad")).With("new.yaml", Component("new", "bad")).ReloadAsync();
        await setup.ReloadAsync();

        Assert.Same(before, setup.Running("a"));
        Assert.False(before.IsClosed);
        Assert.Equal(["a"], setup.Names);
        Assert.Empty(setup.Feature.Told);
        Assert.Equal(
            [
                $"hot reload of component a failed, the one that runs stays: {setup.File("resources/a.yaml")}:6: state.probe: metadata field 'value' is 'bad'",
                $"hot reload of component new failed, it is left out: {setup.File("resources/new.yaml")}:6: state.probe: metadata field 'value' is 'bad'",
            ],
            setup.Log);
    }

    [Fact]
    public async Task A_component_that_could_not_start_is_tried_again_with_every_reload()
    {
        await using var setup = await new ReloadSetup().With("a.yaml", Component("a", "1")).StartAsync();
        setup.OnInit = _ => throw new ComponentException("the backend is down");
        await setup.With("a.yaml", Component("a", "2")).ReloadAsync();
        setup.OnInit = _ => Task.CompletedTask;

        await setup.ReloadAsync();

        Assert.Equal("2", setup.Running("a").Value);
    }

    [Fact]
    public async Task An_unknown_type_leaves_the_old_component()
    {
        await using var setup = await new ReloadSetup().With("a.yaml", Component("a")).StartAsync();

        await setup.With("a.yaml", Component("a", type: "state.prob")).ReloadAsync();

        Assert.Equal("state.probe", Assert.Single(setup.Registry.All).Type.Type);
        Assert.Contains("couldn't find state.prob/v1", Assert.Single(setup.Log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_component_that_starts_too_slowly_leaves_the_old_one()
    {
        await using var setup = await new ReloadSetup().With("a.yaml", Component("a", "1")).StartAsync();
        setup.OnInit = _ => new TaskCompletionSource().Task;
        var timers = setup.Clock.ArmedTimers;

        var reload = setup.With("a.yaml", Component("a", "2")).ReloadAsync();
        await Eventually.TrueAsync(() => setup.Clock.ArmedTimers > timers, "the limit of the start");
        setup.Clock.Advance(TimeSpan.FromSeconds(5));
        await reload;

        Assert.Equal("1", setup.Running("a").Value);
        Assert.Contains("initTimeout of 5 s", Assert.Single(setup.Log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_component_that_starts_too_slowly_says_what_it_waited_for()
    {
        await using var setup = await new ReloadSetup { WaitsFor = "the server at 127.0.0.1:1 refuses connections" }.StartAsync();
        setup.OnInit = _ => new TaskCompletionSource().Task;
        var timers = setup.Clock.ArmedTimers;

        var reload = setup.With("a.yaml", Component("a", "1")).ReloadAsync();
        await Eventually.TrueAsync(() => setup.Clock.ArmedTimers > timers, "the limit of the start");
        setup.Clock.Advance(TimeSpan.FromSeconds(5));
        await reload;

        Assert.EndsWith("initTimeout of 5 s: the server at 127.0.0.1:1 refuses connections", Assert.Single(setup.Log).TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_component_is_closed_after_the_requests_that_may_use_it()
    {
        await using var setup = await new ReloadSetup().With("a.yaml", Component("a", "1")).StartAsync();
        var old = setup.Running("a");
        var request = setup.Requests.Enter();

        var reload = setup.With("a.yaml", Component("a", "2")).ReloadAsync();
        await Eventually.TrueAsync(() => setup.Running("a") != old, "the new component in its place");
        var later = setup.Requests.Enter();

        Assert.False(old.IsClosed);
        Assert.False(reload.IsCompleted);
        request.Leave();
        await reload;
        Assert.True(old.IsClosed);
        later.Leave();
    }

    [Fact]
    public async Task A_request_that_takes_too_long_loses_its_component()
    {
        await using var setup = await new ReloadSetup().With("a.yaml", Component("a", "1")).StartAsync();
        var old = setup.Running("a");
        setup.Requests.Enter();
        var timers = setup.Clock.ArmedTimers;

        var reload = setup.With("a.yaml", null).ReloadAsync();
        await Eventually.TrueAsync(() => setup.Clock.ArmedTimers > timers, "the wait for the request");
        setup.Clock.Advance(TimeSpan.FromSeconds(5));
        await reload;

        Assert.True(old.IsClosed);
        Assert.Contains("requests still use a after 5 s; closed all the same", setup.Log);
    }

    [Fact]
    public async Task A_reload_that_is_cancelled_while_a_component_starts_changes_nothing_and_leaves_nothing_open()
    {
        await using var setup = await new ReloadSetup().With("a.yaml", Component("a", "1")).StartAsync();
        var started = new TaskCompletionSource<Probe>();
        setup.OnInit = probe =>
        {
            started.SetResult(probe);
            return new TaskCompletionSource().Task;
        };
        using var stop = new CancellationTokenSource();

        var reload = setup.With("a.yaml", Component("a", "2")).ReloadAsync(stop.Token);
        var probe = await started.Task.WithinAsync("the start of the new component");
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reload);
        Assert.True(probe.IsClosed);
        Assert.Equal("1", setup.Running("a").Value);
    }

    [Fact]
    public async Task A_component_that_starts_while_the_slices_are_told_of_something_else_waits_and_is_closed_if_the_sidecar_stops()
    {
        await using var setup = await new ReloadSetup().StartAsync();
        var opened = new TaskCompletionSource<Probe>();
        setup.OnInit = probe =>
        {
            opened.SetResult(probe);
            return Task.CompletedTask;
        };
        var turn = new TaskCompletionSource();
        var other = setup.Turns.TakeAsync(() => turn.Task, CancellationToken.None);
        using var stop = new CancellationTokenSource();

        var reload = setup.With("a.yaml", Component("a")).ReloadAsync(stop.Token);
        var probe = await opened.Task.WithinAsync("the start of the component");
        Assert.Empty(setup.Names);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reload);
        turn.SetResult();
        await other;

        Assert.True(probe.IsClosed);
        Assert.Empty(setup.Names);
        Assert.Empty(setup.Feature.Told);
    }

    [Fact]
    public async Task A_component_that_was_taken_away_when_the_sidecar_stops_is_closed_with_the_rest()
    {
        await using var setup = await new ReloadSetup().With("a.yaml", Component("a")).StartAsync();
        var old = setup.Running("a");
        setup.Requests.Enter();
        using var stop = new CancellationTokenSource();

        var reload = setup.With("a.yaml", null).ReloadAsync(stop.Token);
        await Eventually.TrueAsync(() => !setup.Names.Any(), "the end of the component");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reload);
        Assert.False(old.IsClosed);
        await setup.Retired.DisposeAsync();

        Assert.True(old.IsClosed);
    }

    [Fact]
    public async Task A_slice_that_fails_keeps_no_other_from_being_told()
    {
        await using var setup = await new ReloadSetup().StartAsync();
        setup.Feature.OnTold = _ => throw new InvalidOperationException("out of order");

        await setup.With("a.yaml", Component("a")).With("s.yaml", Subscription("s", "t")).ReloadAsync();

        Assert.Equal(["+a", ">t"], setup.Second.Told);
        Assert.Equal(2, setup.Log.Count(line => line.EndsWith("a part of the sidecar could not follow a change", StringComparison.Ordinal)));
    }
}
