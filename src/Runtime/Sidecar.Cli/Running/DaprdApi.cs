using System.Net;
using System.Net.Sockets;
using Sidecar.Cli.Calls;
using Sidecar.Runtime.Resources;

namespace Sidecar.Cli.Running;

/// <summary>The few calls of a sidecar's API that its launcher makes.</summary>
internal sealed class DaprdApi(HttpClient http, AppPlan plan, TimeProvider time)
{
    /// <summary>Contract 2.17.</summary>
    private const string NotThisApp = "ERR_HEALTH_APPID_NOT_MATCH";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    private string Root => $"http://{Host(plan.App.ApiListenAddresses)}:{plan.Ports.Http}/v1.0";

    /// <summary>Connections to the sidecar of that app: by its socket file, if it has one in place of its port.</summary>
    public static SocketsHttpHandler Handler(RunApp app) => app.UnixDomainSocket is { } folder
        ? SidecarSocket.Handler(SidecarSocket.FileIn(Path.GetFullPath(folder, app.SidecarDirectory), app.AppId))
        : new SocketsHttpHandler();

    private string Health => $"/healthz?appid={Uri.EscapeDataString(plan.AppId)}";

    /// <summary>Returns when the API serves, app or not.</summary>
    public Task ServesAsync(CancellationToken cancellationToken) => UntilAsync(
        async () => await IsSuccessAsync("/healthz/outbound", cancellationToken) && !await IsOfAnotherAsync(cancellationToken), cancellationToken);

    /// <summary>Returns when the sidecar with its app is ready, and the app passes its health checks if it has any.</summary>
    public async Task IsHealthyAsync(CancellationToken cancellationToken)
    {
        await UntilAsync(() => IsSuccessAsync(Health, cancellationToken), cancellationToken);

        // Of the sidecar's health routes none depends on the health of the app (contract 2.17); calls of the app do.
        if (plan.App.EnableAppHealthCheck)
            await UntilAsync(() => IsSuccessAsync($"/invoke/{plan.AppId}/method/{(plan.App.AppHealthCheckPath ?? "healthz").TrimStart('/')}", cancellationToken), cancellationToken);
    }

    /// <exception cref="HttpRequestException">It was refused, or not answered for as long as the client waits.</exception>
    public async Task SetMetadataAsync(string name, string value, CancellationToken cancellationToken)
    {
        try
        {
            using var content = new StringContent(value);
            using var response = await SendAsync(HttpMethod.Put, $"/metadata/{name}", content, cancellationToken);
            response.EnsureSuccessStatusCode();
        }
        catch (OperationCanceledException silent) when (!cancellationToken.IsCancellationRequested)
        {
            // Nobody gave it up: whoever takes this for the end of the sidecar would not ask for its health any more.
            throw new HttpRequestException(silent.Message, silent);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, Root + path) { Content = content };
        if (Environment.GetEnvironmentVariable("DAPR_API_TOKEN") is { Length: > 0 } token)
            request.Headers.TryAddWithoutValidation("dapr-api-token", token);
        return await http.SendAsync(request, cancellationToken);
    }

    /// <summary>Host part of its address: the first of the addresses it listens on; for one that stands for all, the loopback address.</summary>
    public static string Host(string? listenAddresses)
    {
        var first = listenAddresses?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        if (!IPAddress.TryParse(first?.Trim('[', ']'), out var address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
            address = IPAddress.Loopback;
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : $"{address}";
    }

    private async Task UntilAsync(Func<Task<bool>> isSo, CancellationToken cancellationToken)
    {
        while (!await isSo())
            await Task.Delay(Pause, time, cancellationToken);
    }

    private Task<bool> IsSuccessAsync(string path, CancellationToken cancellationToken) =>
        AskAsync(path, response => Task.FromResult(response.IsSuccessStatusCode), cancellationToken);

    /// <summary>The port was free when it was chosen; a sidecar of another app may have taken it before ours did.</summary>
    private Task<bool> IsOfAnotherAsync(CancellationToken cancellationToken) => AskAsync(
        Health,
        async response => !response.IsSuccessStatusCode && (await response.Content.ReadAsStringAsync(cancellationToken)).Contains(NotThisApp, StringComparison.Ordinal),
        cancellationToken);

    /// <summary>False also when there is no answer.</summary>
    private async Task<bool> AskAsync(string path, Func<HttpResponseMessage, Task<bool>> judge, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await SendAsync(HttpMethod.Get, path, null, cancellationToken);
            return await judge(response);
        }
        catch (HttpRequestException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It took longer than the client waits.
            return false;
        }
    }
}
