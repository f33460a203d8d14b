using System.Text.Json;
using Sidecar.Cli.Tests.Run;
using TestSupport;

namespace Sidecar.Cli.Tests.Commands;

public sealed class PublishTests : RunFixture
{
    private const string Subscriptions = """[{"pubsubname":"pubsub","topic":"news","route":"/news"}]""";

    [Fact]
    public async Task An_event_is_published_in_the_name_of_a_running_app()
    {
        await using var app = await SubscriberAsync();
        await using var run = await RunAsync(app);

        var (code, output) = await DaprCli.RunAsync(Folder, "publish", "--publish-app-id", "a", "--pubsub", "pubsub", "--topic", "news", "--data", "{\"n\":1}");

        Assert.Equal(0, code);
        Assert.Contains("Event published successfully", output);
        var got = JsonDocument.Parse((await app.NextAsync("/news")).Body).RootElement;
        Assert.Equal("{\"n\":1}", got.GetProperty("data").GetRawText());
        Assert.Equal("a", got.GetProperty("source").GetString());
    }

    [Fact]
    public async Task A_whole_cloud_event_is_passed_on_and_data_may_come_from_a_file()
    {
        await using var app = await SubscriberAsync();
        await using var run = await RunAsync(app);
        Folder.Write("event.json", """{"specversion":"1.0","id":"mine","source":"me","type":"t","datacontenttype":"application/json","data":{"n":2}}""");

        var (code, _) = await DaprCli.RunAsync(Folder, "publish", "-i", "a", "-p", "pubsub", "-t", "news", "-f", "event.json");

        Assert.Equal(0, code);
        var got = JsonDocument.Parse((await app.NextAsync("/news")).Body).RootElement;
        Assert.Equal(("mine", "me"), (got.GetProperty("id").GetString(), got.GetProperty("source").GetString()));
    }

    [Fact]
    public async Task Metadata_and_names_reach_the_sidecar_as_they_are()
    {
        await using var sidecar = await SocketSidecar.StartAsync(Folder.File("dapr-a-http.socket"));

        var (code, _) = await DaprCli.RunAsync(Folder, "publish", "-i", "a", "-p", "my pubsub", "-t", "a/b", "-d", "{}", "-m", "{\"ttlInSeconds\":60,\"key\":\"x&y\"}", "-u", Folder.Path);

        Assert.Equal(0, code);
        Assert.Equal("POST /v1.0/publish/my%20pubsub/a/b?metadata.ttlInSeconds=60&metadata.key=x%26y application/json", sidecar.Requests.Single());
    }

    [Theory]
    [InlineData("-i a -p nope -t news -d {}", "topic news of nope: 404")]
    [InlineData("-i b -p pubsub -t news -d {}", "no app 'b' is running (running are a)")]
    [InlineData("-i a -p pubsub -t news -m [1]", "--metadata is not a JSON object")]
    [InlineData("-i a -p pubsub", "--topic")]
    public async Task What_fails_is_told(string arguments, string told)
    {
        await using var app = await SubscriberAsync();
        await using var run = await RunAsync(app);

        var (code, output) = await DaprCli.RunAsync(Folder, ["publish", .. arguments.Split(' ')]);

        Assert.Equal(1, code);
        Assert.Contains(told, output);
    }

    private static Task<TestApp> SubscriberAsync() => TestApp.StartAsync(app => app.On("/dapr/subscribe", 200, Subscriptions).On("/news", 200));

    private async Task<DaprCli> RunAsync(TestApp app)
    {
        Folder.Write("resources/pubsub.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: pubsub\nspec:\n  type: pubsub.in-memory\n  version: v1\n");
        var run = DaprCli.Start(Folder, "run", "--app-id", "a", "--app-port", $"{app.Port}", "--resources-path", "resources");
        try
        {
            await run.LineAsync("a is healthy");
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }
}
