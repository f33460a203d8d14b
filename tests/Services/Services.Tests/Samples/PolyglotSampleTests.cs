using System.Net;
using System.Net.Sockets;
using TestSupport;

namespace Services.Tests.Samples;

/// <summary>The services of <c>samples/polyglot</c> by themselves: their own tests, and how they start and end.</summary>
public sealed class PolyglotSampleTests
{
    private static readonly string[] Node = ["reviews-node", "node", "src/main.js"];

    private static readonly string[] Python = ["audit-python", "python3", "-m", "audit"];

    [Theory]
    [InlineData("reviews-node", "node", "--test")]
    [InlineData("audit-python", "python3", "-m", "unittest")]
    public async Task Their_own_tests_pass(string folder, string program, params string[] arguments)
    {
        Interpreters.SkipUnlessHere(program);
        await using var tests = Start(folder, program, arguments);

        Assert.True(await tests.ExitAsync() == 0, tests.Output);

        // A runner that has found no test is content as well.
        Assert.Matches(@"# pass [1-9]|Ran [1-9]\d* tests", tests.Output);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task They_listen_on_loopback_alone_and_end_cleanly_when_asked_to(bool node)
    {
        var (words, port) = (node ? Node : Python, FreePorts.Next());
        Interpreters.SkipUnlessHere(words[1]);
        await using var service = Start(words[0], words[1], words[2..], port);
        await service.LineAsync($"listens on http://127.0.0.1:{port}");
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        Assert.Contains("order.confirmed", await http.GetStringAsync("/dapr/subscribe"));
        if (OperatingSystem.IsLinux())
        {
            // Taken, if they listened on all addresses.
            using var other = new TcpListener(IPAddress.Parse("127.0.0.2"), port);
            other.Start();
        }

        // The connection is still open: that alone keeps no service alive.
        await service.SignalAsync("TERM");
        Assert.Equal(0, await service.ExitAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Without_a_port_they_say_who_sets_it(bool node)
    {
        var words = node ? Node : Python;
        Interpreters.SkipUnlessHere(words[1]);
        await using var service = Start(words[0], words[1], words[2..]);

        Assert.Equal(1, await service.ExitAsync());
        Assert.Contains("APP_PORT is '', which is not a port; dapr run sets it", service.Output);
    }

    private static TestProcess Start(string folder, string program, string[] arguments, int? port = null) => TestProcess.Start(
        program,
        arguments,
        RepositoryRoot.Combine("samples", "polyglot", folder),
        new Dictionary<string, string?> { ["APP_PORT"] = $"{port}", ["DAPR_HTTP_PORT"] = "3500", ["PYTHONDONTWRITEBYTECODE"] = "1" });
}
