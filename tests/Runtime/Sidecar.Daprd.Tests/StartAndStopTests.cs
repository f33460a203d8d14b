using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using TestSupport;

namespace Sidecar.Daprd.Tests;

/// <summary>The edges of a sidecar's life: settings at their limits, what is missing at the start, what is under way at the end.</summary>
public sealed class StartAndStopTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--read-buffer-size=0")]
    [InlineData("--read-buffer-size=2Mi")]
    [InlineData("--dapr-graceful-shutdown-seconds=2000000000")]
    [InlineData("--dapr-listen-addresses=127.0.0.1,192.0.2.1")]
    public async Task A_setting_at_its_limit_starts_and_stops(string flag)
    {
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder, "me", flags: [flag]);

        await daprd.Process.SignalAsync("TERM");

        Assert.Equal(0, await daprd.Process.ExitAsync());
    }

    [Theory]
    [InlineData("--dapr-listen-addresses=192.0.2.1", "cannot listen on port")]
    [InlineData("--app-channel-address=a b", "--app-channel-address 'a b'")]
    [InlineData("--read-buffer-size=3Gi", "--read-buffer-size is 2147483647 bytes")]
    public async Task A_setting_that_cannot_be_ends_it_with_1_and_is_told_once(string flag, string message)
    {
        await using var daprd = DaprdProcess.Start(_folder, "me", flags: [flag]);

        Assert.Equal(1, await daprd.Process.ExitAsync());
        Assert.Contains(message, daprd.Output, StringComparison.Ordinal);
        Assert.Single(daprd.Output.Split('\n'), line => line.Contains("Fatal error from runtime", StringComparison.Ordinal));
        Assert.DoesNotContain("Unhandled", daprd.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_is_told_and_no_failure()
    {
        await using var daprd = TestProcess.Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "daprd.dll"), "--help"]);

        Assert.Equal(0, await daprd.ExitAsync());
        Assert.Contains("--app-id", daprd.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_name_registry_all_works_but_calls_of_others()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/x", 200, "mine"));
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder, "me", app.Port, ["--name-registry", _folder.Write("file", "") + "/names.db"]);

        using var own = await daprd.Client.GetAsync("/v1.0/invoke/me/method/x");
        using var other = await daprd.Client.GetAsync("/v1.0/invoke/other/method/x");

        Assert.Equal("mine", await own.Content.ReadAsStringAsync());
        Assert.Contains("ERR_DIRECT_INVOKE", await other.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await daprd.Process.LineAsync("sidecars of other processes cannot be found");
    }

    [Fact]
    public async Task A_name_registry_that_breaks_fails_the_calls_that_need_it()
    {
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder, "me");
        File.Delete(_folder.File("names.db-wal"));
        File.Delete(_folder.File("names.db"));
        Directory.CreateDirectory(_folder.File("names.db"));

        using var response = await daprd.Client.GetAsync("/v1.0/invoke/other/method/x");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Contains("\"ERR_DIRECT_INVOKE\",\"message\":\"failed to invoke, id: other, err: name registry", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_app_is_reached_at_an_ipv6_address()
    {
        Assert.SkipUnless(System.Net.Sockets.Socket.OSSupportsIPv6, "this machine has no IPv6");
        await using var app = await TestApp.StartAsync(app => app.On("/x", 200, "six"));
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder, "me", app.Port, ["--app-channel-address", "::1"]);

        Assert.Equal("six", await daprd.Client.GetStringAsync("/v1.0/invoke/me/method/x"));
    }

    [Fact]
    public async Task Requests_are_served_when_the_log_can_be_written_no_more()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "this system has no disk that is always full");
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder, "me", flags: ["--log-file", "/dev/full"]);

        // A failed call is a line of the log.
        using var failed = await daprd.Client.GetAsync("/v1.0/invoke/me/method/x");

        Assert.Contains("ERR_DIRECT_INVOKE", await failed.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await daprd.Process.LineAsync("invoking me failed");
    }

    [Fact]
    public async Task Requests_are_served_when_nobody_reads_the_log()
    {
        // More lines than the pipe to this process holds, which reads none.
        const int calls = 1500;
        Directory.CreateDirectory(_folder.File("components"));
        var port = FreePorts.Next();
        using var daprd = Process.Start(new ProcessStartInfo(
            "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "daprd.dll"), "--app-id", "me", "--dapr-http-port", $"{port}", "--dapr-grpc-port", "0", "--resources-path", _folder.File("components")])
        {
            RedirectStandardOutput = true,
        })!;
        try
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            await Eventually.TrueAsync(async () => (await client.GetAsync(new Uri("/v1.0/healthz", UriKind.Relative))).IsSuccessStatusCode, "healthz of daprd");

            for (var call = 0; call < calls; call++)
            {
                using var failed = await client.GetAsync(new Uri("/v1.0/invoke/me/method/x", UriKind.Relative)).WithinAsync($"the answer to call {call}");
                Assert.Equal(HttpStatusCode.InternalServerError, failed.StatusCode);
            }
        }
        finally
        {
            daprd.Kill();
            await daprd.WaitForExitAsync();
        }
    }

    [Theory]
    [InlineData("state/statestore")]
    [InlineData("publish/pubsub/t")]
    [InlineData("invoke/me/method/x")]
    [InlineData("metadata/k", "PUT")]
    [Contract(163)]
    public async Task Contract_163_an_oversized_chunked_body_is_refused_by_the_route(string route, string verb = "POST")
    {
        await using var app = await TestApp.StartAsync(app => app.On("/x", 200));
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder.WithSqlite(), "me", app.Port, ["--max-body-size", "1Ki"]);
        var request = $"{verb} /v1.0/{route} HTTP/1.1\r\nHost: host\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{100_000:x}\r\n{new string('x', 100_000)}\r\n0\r\n\r\n";

        var answer = await SendAsync(daprd.HttpPort, request).WithinAsync("the answer");

        Assert.Matches("^HTTP/1.1 (400|500) ", answer);
        Assert.Contains("\"errorCode\":\"ERR_", answer, StringComparison.Ordinal);
        Assert.DoesNotContain(app.Seen, seen => seen.Path == "/x");
    }

    [Fact]
    [Contract(166)]
    public async Task Contract_166_a_call_under_way_ends_before_the_sidecar_does()
    {
        var (arrived, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var app = await TestApp.StartAsync(app => app.On("/slow", async (context, _) =>
        {
            arrived.SetResult();
            await answer.Task;
            await context.Response.WriteAsync("done");
        }));
        await using var callee = DaprdProcess.Start(_folder, "callee", app.Port);
        await using var caller = await DaprdProcess.StartHealthyAsync(_folder, "caller", flags: ["--dapr-graceful-shutdown-seconds", "60"]);
        await callee.HealthyAsync();
        var call = caller.Client.GetAsync("/v1.0/invoke/callee/method/slow");
        await arrived.Task.WithinAsync("the call at the app");

        await caller.Process.SignalAsync("TERM");
        await caller.Process.LineAsync("msg=\"stopping\"");
        answer.SetResult();
        using var response = await call;

        Assert.Equal("done", await response.Content.ReadAsStringAsync());
        Assert.Equal(0, await caller.Process.ExitAsync());
    }

    [Theory]
    [InlineData("1", false, "Graceful shutdown timeout exceeded, forcing shutdown")]
    [InlineData("3600", true, "shutdown was forced")]
    [Contract(165, 166)]
    public async Task Contract_165_166_a_call_that_does_not_end_holds_the_sidecar_up_no_longer_than_it_may(string grace, bool isForced, string line)
    {
        var (arrived, never) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var app = await TestApp.StartAsync(app => app.On("/hangs", (_, _) =>
        {
            arrived.SetResult();
            return never.Task;
        }));
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder, "me", app.Port, ["--dapr-graceful-shutdown-seconds", grace]);
        var call = daprd.Client.GetAsync("/v1.0/invoke/me/method/hangs");
        await arrived.Task.WithinAsync("the call at the app");

        using var shutdown = new HttpRequestMessage(HttpMethod.Post, "/v1.0/shutdown") { Headers = { { "dapr-force-shutdown", isForced ? "true" : "false" } } };
        (await daprd.Client.SendAsync(shutdown)).Dispose();

        Assert.Equal(1, await daprd.Process.ExitAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains(line, daprd.Output, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => call);
        never.SetResult();
    }

    /// <summary>What a server says to a request of which it need not read all.</summary>
    private static async Task<string> SendAsync(int port, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port);
        var answer = new StringBuilder();
        try
        {
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        }
        catch (IOException)
        {
            // It has answered and closed.
        }

        try
        {
            var buffer = new byte[4096];
            for (int read; (read = await client.GetStream().ReadAsync(buffer)) > 0;)
                answer.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }
        catch (IOException)
        {
            // Reset after the answer, because there was more to read.
        }

        return answer.ToString();
    }
}
