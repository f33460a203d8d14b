using Sidecar.Cli.Runs;

namespace Sidecar.Cli.Calls;

/// <summary>The HTTP API of the sidecar of one running app.</summary>
internal sealed class SidecarApi : IDisposable
{
    private const string TokenHeader = "dapr-api-token";

    private readonly HttpClient _http;
    private readonly string _where;

    private SidecarApi(string root, string where, string? socket)
    {
        _where = where;
        var handler = socket is null ? new SocketsHttpHandler { UseProxy = false } : SidecarSocket.Handler(socket);
        handler.AllowAutoRedirect = false;
        // No limit: how long a call may take is for the app and the user's patience to say.
        _http = new HttpClient(handler) { BaseAddress = new Uri(root), Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>The socket that is given, else the socket or port of the app's run.</summary>
    /// <param name="socketFolder">Value of <c>--unix-domain-socket</c>; then the app need not be listed.</param>
    /// <param name="problem">Why there is none.</param>
    public static SidecarApi? Find(string appId, string? socketFolder, RunIndex index, out string problem)
    {
        problem = "";
        if (socketFolder is { Length: > 0 })
            return OfSocket(appId, socketFolder);
        var running = index.Apps();
        if (running.FirstOrDefault(app => app.AppId == appId) is { } found)
            return Of(found.App);
        problem = RunningApp.NotFound(appId, running);
        return null;
    }

    public static SidecarApi Of(AppRecord app) => app.UnixDomainSocket is { } folder
        ? OfSocket(app.AppId, folder)
        : new SidecarApi($"http://{app.ApiHost}:{app.HttpPort}", $"port {app.HttpPort}", null);

    /// <summary>Returns with the head of the answer; its body is still to come.</summary>
    /// <exception cref="IOException">Nobody answers; the message says where that was.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (Environment.GetEnvironmentVariable("DAPR_API_TOKEN") is { Length: > 0 } token)
            request.Headers.TryAddWithoutValidation(TokenHeader, token);
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException failure)
        {
            throw new IOException($"the sidecar at {_where} does not answer: {failure.Message}", failure);
        }
    }

    public void Dispose() => _http.Dispose();

    private static SidecarApi OfSocket(string appId, string folder)
    {
        var socket = SidecarSocket.FileIn(Path.GetFullPath(folder), appId);
        return new SidecarApi("http://localhost", socket, socket);
    }
}
