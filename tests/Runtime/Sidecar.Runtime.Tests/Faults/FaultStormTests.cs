using Sidecar.Components;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.Faults;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Faults;

/// <summary>Faults by a file: what goes wrong, how often, and that it does so alike with the same seed.</summary>
public sealed class FaultStormTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FakeClock _clock = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Calls_of_an_app_fail_break_lose_their_answer_or_come_twice()
    {
        var counts = new System.Collections.Concurrent.ConcurrentDictionary<string, int>();
        await using var app = await TestApp.StartAsync(app =>
        {
            foreach (var path in (string[])["/status", "/fail", "/lost", "/twice", "/well"])
                app.On(path, (_, request) => Task.FromResult(counts.AddOrUpdate(request.Path + request.Text, 1, (_, count) => count + 1)));
        });
        await using var sidecar = await StartAsync(
            """
            calls:
            - { app: me, path: /status, share: 1, status: 503 }
            - { app: me, path: /fail, share: 1, do: fail }
            - { app: "*", path: /lost, share: 1, do: loseAnswer }
            - { app: me, path: /twice, share: 1, do: duplicate }
            - { app: other, share: 1, do: fail }
            """,
            app.Port);

        Assert.Equal((503, 500, 500, 200, 200), (
            await PostAsync(sidecar, "status"), await PostAsync(sidecar, "fail"), await PostAsync(sidecar, "lost"), await PostAsync(sidecar, "twice"), await PostAsync(sidecar, "well")));
        Assert.Equal(["/losttext 1", "/twicetext 2", "/welltext 1"], counts.Select(count => $"{count.Key} {count.Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Components_fail_or_lose_their_answer()
    {
        _folder.Write("components/store.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: { name: store }\nspec: { type: state.in-memory, version: v1 }");
        await using var sidecar = await StartAsync("components:\n- { name: store, operation: get, share: 1, do: fail }\n- { name: store, operation: set, share: 1, do: loseAnswer }");

        Assert.Equal(500, (await sidecar.GetAsync("/v1.0/state/store/k")).Status);
        using var saved = await sidecar.Client.PostAsync(new Uri("/v1.0/state/store", UriKind.Relative), new StringContent("""[{"key":"k","value":1}]"""));
        Assert.Equal(500, (int)saved.StatusCode);
    }

    [Fact]
    public async Task Messages_go_back_come_twice_or_late()
    {
        var storm = new FaultStorm("me", Settings("""
            messages:
            - { topic: back, share: 1, do: fail }
            - { topic: twice, share: 1, do: duplicate }
            - { topic: lost, share: 1, do: loseAnswer }
            - { topic: late, share: 1, delay: 5s }
            """), _clock);
        var handled = 0;
        ValueTask<Delivery> Handle(string topic) => storm.Guard("broker", topic, (_, _) =>
        {
            handled++;
            return ValueTask.FromResult(Delivery.Ack);
        })(new PubSubMessage(topic, default, null, new Dictionary<string, string>()), CancellationToken.None);

        Assert.Equal((Delivery.Nack, 0), (await Handle("back"), handled));
        Assert.Equal((Delivery.Ack, 2), (await Handle("twice"), handled));
        Assert.Equal((Delivery.Nack, 3), (await Handle("lost"), handled));
        Assert.Equal((Delivery.Ack, 4), (await Handle("well"), handled));
        var late = Handle("late");
        Assert.Equal(4, handled);
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(Delivery.Ack, await late);
    }

    [Fact]
    public async Task The_same_seed_draws_the_same_lots_and_about_as_many_as_the_share_says()
    {
        async Task<string> DrawAsync(int seed)
        {
            var storm = new FaultStorm("me", Settings("messages: [ { topic: \"*\", share: 0.1, do: fail } ]", seed), _clock);
            var handler = storm.Guard("broker", "t", (_, _) => ValueTask.FromResult(Delivery.Ack));
            var lots = new char[2000];
            for (var index = 0; index < lots.Length; index++)
                lots[index] = await handler(new PubSubMessage("t", default, null, new Dictionary<string, string>()), CancellationToken.None) == Delivery.Ack ? '.' : 'x';
            return new string(lots);
        }

        var first = await DrawAsync(7);
        Assert.Equal(first, await DrawAsync(7));
        Assert.NotEqual(first, await DrawAsync(8));
        Assert.InRange(first.Count(lot => lot == 'x'), 140, 260);
    }

    [Fact]
    public void Whatever_a_driver_can_do_it_can_do_with_faults_too()
    {
        var storm = new FaultStorm("me", new FaultSettings(1, [], [], []), _clock);
        foreach (var type in ComponentCatalog.Default.Types.Where(type => type.Kind != "middleware"))
        {
            var driver = type.Create();
            var contracts = driver.GetType().GetInterfaces().Where(contract => contract.Assembly == typeof(IComponent).Assembly);
            var wired = WiredComponents.Wrap(driver, storm);

            Assert.NotSame(driver, wired);
            Assert.Empty(contracts.Where(contract => !contract.IsInstanceOfType(wired)).Select(contract => $"{type.Type} is a {contract.Name}, with faults it is not"));
        }
    }

    [Theory]
    [InlineData("calls: [ { app: me, share: 2, status: 503 } ]", "expected a share from 0 to 1")]
    [InlineData("calls: [ { app: me, share: 0.5 } ]", "expected what goes wrong")]
    [InlineData("calls: [ { app: me, share: 0.5, do: explode } ]", "explode")]
    [InlineData("messages: [ { share: 0.5, do: fail } ]", "topic")]
    public async Task What_is_wrong_with_a_file_keeps_the_sidecar_from_starting(string rules, string reason)
    {
        var failure = await Assert.ThrowsAsync<SidecarStartException>(() => StartAsync(rules));

        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }

    private static async Task<int> PostAsync(TestSidecar sidecar, string method)
    {
        using var response = await sidecar.Client.PostAsync(new Uri($"/v1.0/invoke/me/method/{method}", UriKind.Relative), new StringContent("text"));
        return (int)response.StatusCode;
    }

    private static string Text(string rules, int seed) =>
        $"apiVersion: faults.sidecar/v1alpha1\nkind: Configuration\nmetadata: {{ name: storm }}\nspec:\n  seed: {seed}\n{string.Concat(rules.ReplaceLineEndings("\n").Split('\n').Select(line => $"  {line}\n"))}";

    private FaultSettings Settings(string rules, int seed = 1)
    {
        var settings = FaultsFile.Read(_folder.Write("faults.yaml", Text(rules, seed)), out var problems);
        Assert.Empty(problems);
        return settings!;
    }

    private async Task<TestSidecar> StartAsync(string rules, int appPort = 0)
    {
        var file = _folder.Write("faults.yaml", Text(rules, 1));
        var sidecar = await TestSidecar.StartAsync(_folder, options => options with { AppPort = appPort, FaultsFile = file, DisabledInitEndpoints = ["subscribe", "config"] });
        await sidecar.Instance.Healthy.WithinAsync("health");
        return sidecar;
    }
}
