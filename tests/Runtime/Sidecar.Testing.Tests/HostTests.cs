using System.Net;
using Dapr.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TestSupport;

namespace Sidecar.Testing.Tests;

/// <summary>Starting and ending a host, and what its parts know of each other.</summary>
public sealed class HostTests
{
    [Fact]
    public async Task Apps_find_their_own_sidecar_in_their_configuration()
    {
        await using var dapr = await DaprTestHost.StartAsync(host => host
            .InMemory()
            .App("front", app => app.MapGet("/", (DaprClient client) => client.CreateInvokableHttpClient("back").GetStringAsync("/name")), builder => builder.Services.AddDaprClient())
            .App("back", app => app.MapGet("/name", () => app.Configuration["APP_ID"])));

        Assert.Equal("back", await dapr["front"].Client.GetStringAsync("/"));
        Assert.Equal(dapr["front"].HttpEndpoint, dapr["front"].Services.GetRequiredService<Microsoft.Extensions.Configuration.IConfiguration>()["DAPR_HTTP_ENDPOINT"]);
        Assert.Equal(["front", "back"], dapr.Apps.Select(app => app.AppId));
    }

    [Fact]
    public async Task A_sidecar_without_an_app_serves_the_test_itself()
    {
        await using var dapr = await DaprTestHost.StartAsync(host => host.InMemory().SidecarOnly("test"));

        using var saved = await dapr["test"].SaveAsync("k", "v");

        Assert.Equal(HttpStatusCode.NoContent, saved.StatusCode);
        Assert.Equal("\"v\"", await dapr["test"].StateAsync("k"));
        Assert.Throws<InvalidOperationException>(() => dapr["test"].Client);
        Assert.Contains("there are: test", Assert.Throws<KeyNotFoundException>(() => dapr["tset"]).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_app_that_runs_elsewhere_is_served_at_its_port()
    {
        await using var elsewhere = await TestApp.StartAsync(app => app.On("/name", 200, "\"me\""));
        await using var dapr = await DaprTestHost.StartAsync(host => host.AppAt("legacy", elsewhere.Port).SidecarOnly("test"));

        using var answer = await dapr["test"].InvokeAsync("legacy", "name");

        Assert.Equal("\"me\"", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Hosts_with_the_same_app_ids_at_the_same_time_do_not_meet()
    {
        var hosts = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => DaprTestHost.StartAsync(host => host
            .InMemory()
            .App("app", app => app.Ok("/heard"))
            .Subscription("app", "news", "/heard"))));

        await Task.WhenAll(hosts.Select((host, index) => host["app"].PublishAsync("news", index)));
        var heard = await Task.WhenAll(hosts.Select(host => host.DeliveredAsync("pubsub", "news")));
        await Task.WhenAll(hosts.Select(host => host.Spans.SpanAsync("pubsub/news")));

        Assert.Equal([0, 1, 2, 3], heard.Select(message => message.Data<int>()));
        foreach (var host in hosts)
        {
            Assert.Single(host.Events.OfType<MessageDelivered>());
            Assert.Single(host.Spans.All, span => span.DisplayName == "pubsub/news");
            await host.DisposeAsync();
        }
    }

    [Fact]
    public async Task Components_of_a_folder_are_found_above_the_test_and_keep_their_data_in_the_folder_of_the_host()
    {
        string folder;
        await using (var dapr = await DaprTestHost.StartAsync(host => host
            .Resources("components/embedded")
            .File("config/secrets.json", """{"password":"tea"}""")
            .SidecarOnly("inventory")))
        {
            folder = dapr.Folder;
            using var saved = await dapr["inventory"].SaveAsync("k", "v");

            Assert.True(File.Exists(Path.Combine(folder, ".dapr/data/state.db")));
            Assert.Equal("""{"password":"tea"}""", await dapr["inventory"].Sidecar.GetStringAsync("/v1.0/secrets/secretstore/password"));
        }

        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task A_host_that_cannot_start_says_why_with_its_log_and_leaves_nothing_behind()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => DaprTestHost.StartAsync(host => host
            .Component("statestore", "state.nowhere")
            .SidecarOnly("test")));

        Assert.Contains("couldn't find state.nowhere/v1", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Critical    test dapr.runtime: Fatal error", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_whose_app_never_answers_says_what_it_waited_for()
    {
        // A busy machine may need longer than the first second until the sidecar has come so far.
        const string Waiting = "waiting for the application to listen";
        var (seconds, told) = (1, "");
        for (; seconds < 60 && !told.Contains(Waiting, StringComparison.Ordinal); seconds *= 4)
        {
            var patience = seconds;
            var failure = await Assert.ThrowsAsync<TimeoutException>(() => DaprTestHost.StartAsync(host => host
                .AppAt("absent", FreePorts.Next())
                .Patience(TimeSpan.FromSeconds(patience))));
            told = failure.Message;
            Assert.StartsWith($"Waited {patience} s in vain for: all sidecars and apps to be healthy", told, StringComparison.Ordinal);
        }

        Assert.Contains(Waiting, told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_reach_sidecars_and_apps()
    {
        await using var dapr = await DaprTestHost.StartAsync(host => host
            .Environment("DAPR_API_TOKEN", "to-the-sidecar")
            .Environment("APP_API_TOKEN", "to-the-app")
            .App("app", app => app.MapGet("/token", (HttpRequest request) => request.Headers["dapr-api-token"].ToString() == app.Configuration["APP_API_TOKEN"])));
        using var stranger = new HttpClient();

        using var refused = await stranger.GetAsync($"{dapr["app"].HttpEndpoint}/v1.0/metadata");
        using var answer = await dapr["app"].InvokeAsync("app", "token");

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("true", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task The_log_has_lines_of_sidecars_and_of_apps()
    {
        await using var dapr = await DaprTestHost.StartAsync(host => host.App("app", app => app.Logger.LogWarning("here I am")));

        var own = await dapr.Log.LineAsync("here I am");
        var sidecar = await dapr.Log.LineAsync("application discovered");

        Assert.Equal(("app", LogLevel.Warning), (own.AppId, own.Level));
        Assert.Equal(("app", LogLevel.Information, "dapr.runtime.appchannel"), (sidecar.AppId, sidecar.Level, sidecar.Scope));
        Assert.Contains("here I am", dapr.Log.ToString(), StringComparison.Ordinal);
    }
}
