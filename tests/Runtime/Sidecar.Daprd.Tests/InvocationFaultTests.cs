using System.Net;
using System.Net.Http.Headers;
using System.Text;
using TestSupport;

namespace Sidecar.Daprd.Tests;

/// <summary>Service invocation while the callee's app or sidecar is gone.</summary>
public abstract class InvocationFaultTests(InvocationPair pair) : IAsyncLifetime
{
    public ValueTask InitializeAsync() => pair.InitializeAsync();

    public ValueTask DisposeAsync() => pair.DisposeAsync();

    [Fact]
    public async Task An_app_that_has_gone_is_500_and_comes_back()
    {
        await pair.App.DisposeAsync();
        using var gone = await pair.Caller.Client.GetAsync("/v1.0/invoke/callee/method/x");
        Assert.Equal(HttpStatusCode.InternalServerError, gone.StatusCode);
        Assert.Contains("failed to invoke, id: callee", await gone.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        pair.App.On("/x", 200, "back");
        await pair.App.StartListeningAsync();
        using var back = await pair.Caller.Client.GetAsync("/v1.0/invoke/callee/method/x");
        Assert.Equal("back", await back.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_callee_sidecar_that_was_killed_is_found_again_after_its_restart()
    {
        pair.App.On("/x", 200, "here");
        await pair.KillCalleeAsync();
        var call = pair.Caller.Client.GetAsync("/v1.0/invoke/callee/method/x");
        await pair.StartCalleeAsync();
        (await call).Dispose();

        using var response = await pair.Caller.Client.GetAsync("/v1.0/invoke/callee/method/x");

        Assert.Equal("here", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    [Contract(81)]
    public async Task A_chunked_body_is_not_sent_again_and_fails_at_once()
    {
        await pair.KillCalleeAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1.0/invoke/callee/method/x") { Content = new StringContent("once", Encoding.UTF8, new MediaTypeHeaderValue("text/plain")) };
        request.Headers.TransferEncodingChunked = true;

        using var response = await pair.Caller.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.DoesNotContain("attempt 2", pair.Caller.Output, StringComparison.Ordinal);
    }
}

public sealed class CoHostedInvocationFaultTests() : InvocationFaultTests(new CoHostedPair());

public sealed class IsolatedInvocationFaultTests() : InvocationFaultTests(new IsolatedPair());
