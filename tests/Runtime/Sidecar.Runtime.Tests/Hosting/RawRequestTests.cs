using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using TestSupport;

namespace Sidecar.Runtime.Tests.Hosting;

/// <summary>Bytes that no client would send, over a bare socket: each request gets an answer of the contract, and the sidecar lives on.</summary>
public sealed class RawRequestTests : IAsyncLifetime
{
    /// <summary>What the contract's routes answer (2.2), and what the web server itself refuses before any route.</summary>
    private static readonly int[] Known = [100, 200, 204, 400, 401, 403, 404, 405, 408, 409, 411, 413, 414, 417, 431, 500, 501, 505];

    private static readonly string[] Unhandled = ["failed unexpectedly", "unhandled exception"];

    /// <summary>State, messages and log lines of all that succeeded are among it.</summary>
    private const long MostKept = 256 << 20;

    private readonly TempFolder _folder = new();
    private TestApp _app = null!;
    private TestSidecar _sidecar = null!;

    public async ValueTask InitializeAsync()
    {
        _app = await TestApp.StartAsync(app => app.On("/x", 200, "x").On("/", 200, "root"));
        var drivers = new TestDrivers(_folder);
        drivers.AddStore("store");
        drivers.AddBroker("pubsub");
        drivers.AddSecrets("vault");
        _sidecar = await drivers.StartAsync(options => options with { AppPort = _app.Port, GracefulShutdown = TimeSpan.FromSeconds(1) });
        await _sidecar.Instance.Healthy.WithinAsync("health");
    }

    public async ValueTask DisposeAsync()
    {
        await _sidecar.DisposeAsync();
        await _app.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Every_request_is_answered_by_a_known_status_and_the_sidecar_lives_on()
    {
        var kept = new ConcurrentBag<RawConnection>();
        var before = GC.GetTotalMemory(forceFullCollection: true);

        await Fuzz.CheckAsync(
            RawRequests.All,
            async request =>
            {
                var answer = await (request.Form == RawForm.Whole ? KeptAsync(request, kept) : AloneAsync(request)).WithinAsync("an answer");
                Assert.True(answer is not null || request.Form == RawForm.Torn, "no answer at all");
                if (answer is null)
                    return;
                Assert.Contains(answer.Status, Known);
                if (answer.Status == 500 && request.Verb != "HEAD")
                    Assert.StartsWith("ERR", JsonElement.Parse(answer.Text).GetProperty("errorCode").GetString(), StringComparison.Ordinal);
            },
            parallel: 32,
            shrink: RawRequests.Smaller);

        foreach (var connection in kept)
            connection.Dispose();
        Assert.Equal((200, "x"), await _sidecar.GetAsync("/v1.0/invoke/me/method/x"));
        Assert.DoesNotContain(_sidecar.Log, line => Unhandled.Any(words => line.Contains(words, StringComparison.OrdinalIgnoreCase)));
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, MostKept);
    }

    [Fact]
    public async Task Many_small_headers_are_as_good_as_a_few_long_ones()
    {
        var headers = string.Concat(Enumerable.Range(0, 300).Select(number => $"x-{number}: {number}\r\n"));

        using var connection = await RawConnection.OpenAsync(_sidecar.Instance.HttpPort);
        await connection.SendAsync(Encoding.Latin1.GetBytes($"GET /v1.0/metadata HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{headers}\r\n"));

        Assert.Equal(200, (await connection.ReadAsync("GET").WithinAsync("an answer"))?.Status);
    }

    /// <summary>Over a connection that others have used, as long as the server keeps it.</summary>
    private async Task<RawResponse?> KeptAsync(RawRequest request, ConcurrentBag<RawConnection> kept)
    {
        while (true)
        {
            if (!kept.TryTake(out var connection))
                connection = await RawConnection.OpenAsync(_sidecar.Instance.HttpPort);
            var isFirst = connection.Answers == 0;
            await connection.SendAsync(request.Bytes);
            var answer = await connection.ReadAsync(request.Verb);
            if (answer is { IsLast: false })
                kept.Add(connection);
            else
                connection.Dispose();
            if (answer is not null || isFirst)
                return answer;
        }
    }

    private async Task<RawResponse?> AloneAsync(RawRequest request)
    {
        using var connection = await RawConnection.OpenAsync(_sidecar.Instance.HttpPort);
        await connection.SendAsync(request.Bytes, isAll: request.Form == RawForm.Torn);

        // With this word begins HTTP/2, which the port takes as well, and answers in kind.
        var answer = request.Verb == "PRI" ? null : await connection.ReadAsync(request.Verb);
        await connection.DrainAsync();
        return answer;
    }
}
