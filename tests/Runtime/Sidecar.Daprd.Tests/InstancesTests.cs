using TestSupport;

namespace Sidecar.Daprd.Tests;

/// <summary>Several processes of one app-id: they take turns, and one that has died is not chosen.</summary>
public sealed class InstancesTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Three_instances_take_turns_and_a_killed_one_is_passed_over(bool isConfigured)
    {
        string[] flags = isConfigured ? ["--config", _folder.Write("config.yaml", SqliteNames)] : [];
        var apps = new List<TestApp>();
        var instances = new List<DaprdProcess>();
        for (var number = 0; number < 3; number++)
        {
            var name = $"{number}";
            apps.Add(await TestApp.StartAsync(app => app.On("/who", 200, name)));
            instances.Add(DaprdProcess.Start(_folder, "callee", apps[^1].Port, flags));
        }

        await using var caller = await DaprdProcess.StartHealthyAsync(_folder, "caller", flags: flags);
        foreach (var instance in instances)
            await instance.HealthyAsync();

        // What is known of them is believed for a second, so the last to come may be seen a moment later.
        await Eventually.TrueAsync(async () => (await AskAsync(caller, 3)).Distinct().Count() == 3, "calls to reach all three");
        var turns = await AskAsync(caller, 6);
        instances[1].Process.KillAlone();
        await instances[1].Process.ExitAsync();
        await Eventually.TrueAsync(async () => (await AskAsync(caller, 3)) is var asked && !asked.Contains("1"), "the dead one to be passed over");
        var afterwards = await AskAsync(caller, 6);

        Assert.All(turns.CountBy(who => who), count => Assert.Equal(2, count.Value));
        Assert.Equal(["0", "2"], afterwards.Distinct().Order(StringComparer.Ordinal));
        foreach (var instance in instances)
            await instance.DisposeAsync();
        foreach (var app in apps)
            await app.DisposeAsync();
    }

    private string SqliteNames => $"""
        apiVersion: dapr.io/v1alpha1
        kind: Configuration
        metadata:
          name: names
        spec:
          nameResolution:
            component: sqlite
            version: v1
            configuration:
              connectionString: {_folder.File("shared.db")}
              updateInterval: 60s
        """;

    private static async Task<string[]> AskAsync(DaprdProcess caller, int times)
    {
        var answers = new string[times];
        for (var call = 0; call < times; call++)
        {
            using var response = await caller.Client.GetAsync(new Uri("/v1.0/invoke/callee/method/who", UriKind.Relative));
            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
            answers[call] = await response.Content.ReadAsStringAsync();
        }

        return answers;
    }
}
