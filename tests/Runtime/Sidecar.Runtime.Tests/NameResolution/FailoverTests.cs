using System.Net;
using System.Net.Sockets;
using Sidecar.Components.NameResolution;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.NameResolution;

/// <summary>Several instances of an app-id, of which some do not answer although their processes live.</summary>
public sealed class FailoverTests : IDisposable
{
    private const string Asked = "another instance of callee is asked";

    private readonly TempFolder _folder = new();
    private readonly FakeClock _clock = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task One_that_refuses_is_passed_over_at_once_and_asked_again_only_after_a_while()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/x", 200, "found"));
        await using var callee = await StartAsync("callee", app.Port);
        await using var caller = await StartAsync("caller");
        await RegisterAsync(FreePorts.Next());

        // The clock stands still: a pause would not end.
        for (var call = 0; call < 6; call++)
            Assert.Equal((200, "found"), await caller.GetAsync("/v1.0/invoke/callee/method/x").WithinAsync("an answer without a pause"));
        Assert.Single(caller.Log, line => line.Contains(Asked, StringComparison.Ordinal));

        _clock.Advance(TimeSpan.FromSeconds(5));
        for (var call = 0; call < 6; call++)
            Assert.Equal((200, "found"), await caller.GetAsync("/v1.0/invoke/callee/method/x").WithinAsync("an answer without a pause"));
        Assert.Equal(2, caller.Log.Count(line => line.Contains(Asked, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Where_none_can_be_reached_the_call_is_made_again_as_the_built_in_policy_says()
    {
        await using var caller = await StartAsync("caller");
        await RegisterAsync(FreePorts.Next());
        await RegisterAsync(FreePorts.Next());

        var call = caller.GetAsync("/v1.0/invoke/callee/method/x");
        for (var retry = 1; retry <= 3; retry++)
        {
            await Eventually.TrueAsync(() => Retries(caller) == retry && _clock.ArmedTimers > 0, $"the pause before retry {retry}");
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        var (status, body) = await call.WithinAsync("the end of the retries");
        Assert.Equal(500, status);
        Assert.Contains("did not answer", body, StringComparison.Ordinal);
        Assert.Equal(3, Retries(caller));
    }

    [Fact]
    public async Task A_call_that_broke_off_in_the_middle_is_not_made_elsewhere_where_a_file_names_the_callee_and_gives_no_retry()
    {
        _folder.Write("components/resiliency.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: { name: r }
            spec: { policies: { timeouts: { long: 60s } }, targets: { apps: { callee: { timeout: long } } } }
            """);
        await using var app = await TestApp.StartAsync(app => app.On("/x", 200, "found"));
        await using var callee = await StartAsync("callee", app.Port);
        await using var caller = await StartAsync("caller");
        using var breaking = new TcpListener(IPAddress.Loopback, 0);
        breaking.Start();
        var broken = BreakAsync(breaking);
        await RegisterAsync(((IPEndPoint)breaking.LocalEndpoint).Port);

        // They take turns, so one of the first two calls goes to the one that breaks off; then it is avoided.
        List<int> statuses = [];
        for (var call = 0; call < 6; call++)
            statuses.Add((await caller.GetAsync("/v1.0/invoke/callee/method/x").WithinAsync("an answer")).Status);

        Assert.Equal([200, 200, 200, 200, 200, 500], statuses.Order());
        Assert.Contains(500, statuses.Take(2));
        Assert.Equal(5, app.Seen.Count(request => request.Path == "/x"));
        breaking.Stop();
        await broken;
    }

    private static int Retries(TestSidecar sidecar) =>
        sidecar.Log.Count(line => line.Contains("tried again in 1 s", StringComparison.Ordinal) && line.Contains("DaprBuiltInServiceRetries", StringComparison.Ordinal));

    private Task<TestSidecar> StartAsync(string appId, int? appPort = null) => TestSidecar.StartAsync(_folder, options => options with
    {
        AppId = appId,
        AppPort = appPort ?? 0,
        NameRegistryFile = "names.db",
        Time = _clock,
        LogLevel = Microsoft.Extensions.Logging.LogLevel.Debug,
        DisabledInitEndpoints = ["subscribe", "config"],
    });

    /// <summary>An instance that lives as long as this process does.</summary>
    private Task RegisterAsync(int port) => Task.Run(() =>
        new SqliteNameTable(new SqliteNameOptions(_folder.File("names.db"))).Register(Guid.NewGuid().ToString(), "callee", $"127.0.0.1:{port}", _clock.GetUtcNow()));

    /// <summary>Reads something of each connection and breaks it off.</summary>
    private static async Task BreakAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                using var connection = await listener.AcceptSocketAsync();
                await connection.ReceiveAsync(new byte[64]);
                connection.Close(0);
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
