using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.AppChannel;

/// <summary>An app that whoever started it has started again, while its sidecar stayed.</summary>
public sealed class AppRestartTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private TestApp _app = null!;

    public async ValueTask InitializeAsync()
    {
        _folder.Write("components/pubsub.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: pubsub\nspec:\n  type: pubsub.in-memory\n  version: v1\n");
        _app = await TestApp.StartAsync(app => app.On("/dapr/subscribe", 200, Topic("before")));
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Another_number_of_the_apps_process_lets_the_app_be_asked_again()
    {
        await using var sidecar = await StartAsync();
        await NumberAsync(sidecar, "1");
        _app.On("/dapr/subscribe", 200, Topic("after"));

        await NumberAsync(sidecar, "2");

        await Eventually.TrueAsync(async () => await TopicsAsync(sidecar) == """["after"]""", "the new topic alone");
        Assert.Equal(2, _app.Seen.Count(request => request.Path == "/dapr/config"));
    }

    [Fact]
    public async Task The_same_number_again_or_the_first_one_changes_nothing()
    {
        await using var sidecar = await StartAsync();
        await NumberAsync(sidecar, "1");
        await NumberAsync(sidecar, "1");
        sidecar.Instance.SetExtendedMetadata("cliPID", "2");

        // Were there a question, it would have come before this one.
        await NumberAsync(sidecar, "2");
        await Eventually.TrueAsync(() => _app.Seen.Count(request => request.Path == "/dapr/subscribe") >= 2, "the question");
        Assert.Equal(2, _app.Seen.Count(request => request.Path == "/dapr/subscribe"));
    }

    private async Task<TestSidecar> StartAsync()
    {
        var sidecar = await TestSidecar.StartAsync(_folder, options => options with { AppPort = _app.Port });
        await sidecar.Instance.Healthy.WithinAsync("health");
        Assert.Equal("""["before"]""", await TopicsAsync(sidecar));
        return sidecar;
    }

    private static async Task NumberAsync(TestSidecar sidecar, string number)
    {
        using var answer = await sidecar.Client.PutAsync(new Uri("/v1.0/metadata/appPID", UriKind.Relative), new StringContent(number));
        answer.EnsureSuccessStatusCode();
    }

    private static async Task<string> TopicsAsync(TestSidecar sidecar) =>
        $"[{string.Join(",", (await sidecar.MetadataAsync())["subscriptions"]!.AsArray().Select(subscription => subscription!["topic"]!.ToJsonString()))}]";

    private static string Topic(string topic) => $$"""[{"pubsubname":"pubsub","topic":"{{topic}}","route":"/events"}]""";
}
