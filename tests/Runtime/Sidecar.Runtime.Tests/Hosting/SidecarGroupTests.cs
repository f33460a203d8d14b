using System.Collections.Concurrent;
using System.Net;
using Sidecar.Components;
using Sidecar.Runtime.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Hosting;

/// <summary>Sidecars of one process: their start and stop when the two meet, and what a component may do to them.</summary>
public sealed class SidecarGroupTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly StubbornComponent _component = new();

    public SidecarGroupTests() => _folder.Write(
        "components/stubborn.yaml",
        "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: stubborn\nspec:\n  type: test.stubborn\n  version: v1\n");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_stop_of_the_group_ends_a_sidecar_that_is_still_starting()
    {
        _component.Starts = new TaskCompletionSource().Task;
        var group = new SidecarGroup();

        var starting = group.StartAsync(Options());
        await _component.InitCalled.Task.WithinAsync("the start of the component");
        await group.DisposeAsync().AsTask().WithinAsync("the stop of the group");

        var failure = await Assert.ThrowsAsync<SidecarStartException>(() => starting);
        Assert.Contains("was stopped while it started", failure.Message, StringComparison.Ordinal);
        Assert.True(_component.DisposeCalled.Task.IsCompleted);
    }

    [Fact]
    public async Task A_start_that_is_cancelled_is_no_fatal_error()
    {
        _component.Starts = new TaskCompletionSource().Task;
        var lines = new ConcurrentQueue<string>();
        using var cancel = new CancellationTokenSource();
        await using var group = new SidecarGroup();

        var starting = group.StartAsync(Options() with { LogLine = lines.Enqueue }, cancel.Token);
        await _component.InitCalled.Task.WithinAsync("the start of the component");
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
        Assert.DoesNotContain(lines, line => line.Contains("level=fatal", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_component_that_never_closes_holds_up_the_stop_no_longer_than_it_may()
    {
        _component.Closes = new TaskCompletionSource().Task;
        await using var group = new SidecarGroup();
        var sidecar = await group.StartAsync(Options() with { GracefulShutdown = TimeSpan.FromMilliseconds(50) });

        await sidecar.StopAsync().WithinAsync("the stop");

        Assert.Equal(1, await sidecar.Stopped);
    }

    [Fact]
    public async Task A_shutdown_asked_for_over_the_api_forgets_the_sidecar_and_frees_its_port()
    {
        await using var group = new SidecarGroup();
        var sidecar = await group.StartAsync(Options());
        await sidecar.Healthy.WithinAsync("health");
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{sidecar.HttpPort}") };

        using var answer = await client.PostAsync(new Uri("/v1.0/shutdown", UriKind.Relative), null);
        var exitCode = await sidecar.Stopped.WithinAsync("the stop");
        var again = await group.StartAsync(Options() with { HttpPort = sidecar.HttpPort });

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal(0, exitCode);
        Assert.Equal(sidecar.HttpPort, again.HttpPort);
    }

    [Fact]
    public async Task Metadata_may_be_told_to_a_sidecar_that_has_just_stopped()
    {
        await using var group = new SidecarGroup();
        var sidecar = await group.StartAsync(Options());
        await sidecar.StopAsync();

        sidecar.SetExtendedMetadata("appPID", "1");

        Assert.Equal(0, await sidecar.Stopped);
    }

    [Fact]
    public async Task An_unexpected_failure_at_the_start_names_the_sidecar()
    {
        _component.Starts = Task.FromException(new InvalidOperationException("out of order"));
        await using var group = new SidecarGroup();

        var failure = await Assert.ThrowsAsync<SidecarStartException>(() => group.StartAsync(Options()));

        Assert.Contains("component stubborn", failure.Message, StringComparison.Ordinal);
        Assert.Contains("out of order", failure.Message, StringComparison.Ordinal);
        Assert.True(failure.IsLogged);
    }

    private SidecarOptions Options() => new()
    {
        AppId = "me",
        HttpPort = FreePorts.Next(),
        GrpcPort = FreePorts.Next(),
        ResourcesPaths = [_folder.File("components")],
        BaseDirectory = _folder.Path,
        Environment = new Dictionary<string, string>(),
        GracefulShutdown = TimeSpan.FromSeconds(30),
        LogLine = _ => { },
        Catalog = new ComponentCatalog([new ComponentType("test.stubborn", "v1", () => _component)]),
    };

    /// <summary>Starts and closes when a test says so.</summary>
    private sealed class StubbornComponent : IComponent
    {
        public Task Starts { get; set; } = Task.CompletedTask;

        public Task Closes { get; set; } = Task.CompletedTask;

        public TaskCompletionSource InitCalled { get; } = new();

        public TaskCompletionSource DisposeCalled { get; } = new();

        public Task InitAsync(ComponentContext context, CancellationToken cancellationToken)
        {
            InitCalled.TrySetResult();
            return Starts;
        }

        public async ValueTask DisposeAsync()
        {
            DisposeCalled.TrySetResult();
            await Closes;
        }
    }
}
