using System.Net;
using Sidecar.Cli.Running;
using Sidecar.Runtime.Resources;
using TestSupport;

namespace Sidecar.Cli.Tests.Run;

/// <summary>What a launcher makes of the answers at the port of its sidecar.</summary>
public sealed class DaprdApiTests : IDisposable
{
    private readonly Answers _answers = new();
    private readonly FakeClock _clock = new();
    private readonly HttpClient _http;

    public DaprdApiTests() => _http = new HttpClient(_answers);

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task A_sidecar_of_another_app_at_the_chosen_port_is_not_taken_for_its_own()
    {
        _answers.To = request => request.RequestUri!.PathAndQuery switch
        {
            "/v1.0/healthz/outbound" => new HttpResponseMessage(HttpStatusCode.NoContent),
            "/v1.0/healthz?appid=orders" => new HttpResponseMessage(HttpStatusCode.InternalServerError) { Content = new StringContent("""{"errorCode":"ERR_HEALTH_APPID_NOT_MATCH","message":"dapr app-id does not match"}""") },
            _ => new HttpResponseMessage(HttpStatusCode.NoContent),
        };
        var (serves, healthy) = (Api().ServesAsync(CancellationToken.None), Api().IsHealthyAsync(CancellationToken.None));
        await Eventually.TrueAsync(() => _clock.ArmedTimers == 2, "both to ask again later");
        Assert.False(serves.IsCompleted || healthy.IsCompleted);

        _answers.To = _ => new HttpResponseMessage(HttpStatusCode.NoContent);
        _clock.Advance(TimeSpan.FromSeconds(1));

        await serves.WithinAsync("its own sidecar to serve");
        await healthy.WithinAsync("its own sidecar to be healthy");
    }

    [Fact]
    public async Task A_sidecar_serves_before_its_app_is_there()
    {
        _answers.To = request => request.RequestUri!.AbsolutePath == "/v1.0/healthz/outbound"
            ? new HttpResponseMessage(HttpStatusCode.NoContent)
            : new HttpResponseMessage(HttpStatusCode.InternalServerError) { Content = new StringContent("""{"errorCode":"ERR_HEALTH_NOT_READY"}""") };

        await Api().ServesAsync(CancellationToken.None).WithinAsync("the sidecar to serve");
    }

    /// <summary>Taken for the end of the sidecar, it would keep the run from ever hearing that the app is healthy.</summary>
    [Fact]
    public async Task Metadata_that_are_not_taken_in_time_are_a_failure_and_not_a_cancellation()
    {
        _http.Timeout = TimeSpan.FromMilliseconds(1);

        await Assert.ThrowsAsync<HttpRequestException>(() => Api().SetMetadataAsync("cliPID", "1", CancellationToken.None));
    }

    [Fact]
    public async Task Metadata_that_nobody_waits_for_any_more_are_cancelled()
    {
        using var over = new CancellationTokenSource();
        var setting = Api().SetMetadataAsync("cliPID", "1", over.Token);

        await over.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => setting);
    }

    private DaprdApi Api()
    {
        var app = new RunApp("orders", Path.GetTempPath());
        return new DaprdApi(_http, new AppPlan(new RunTemplate("dapr.yaml", "t", [app]), app, new AppPorts(3500, 50001, 0, 0), null!, null!), _clock);
    }

    private sealed class Answers : HttpMessageHandler
    {
        /// <summary>Null = it never answers.</summary>
        public Func<HttpRequestMessage, HttpResponseMessage>? To { get; set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (To is { } answer)
                return answer(request);
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new InvalidOperationException("never reached");
        }
    }
}
