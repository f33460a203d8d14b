using System.Net;
using System.Net.Sockets;

namespace Sidecar.Cli.Running;

/// <summary>The few calls of a sidecar's API that its launcher makes.</summary>
internal sealed class DaprdApi(HttpClient http, AppPlan plan, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    private string Root => $"http://{Address(plan.App.ApiListenAddresses)}:{plan.Ports.Http}/v1.0";

    /// <summary>Connections to the sidecar of that app: by its socket file, if it has one in place of its port.</summary>
    public static SocketsHttpHandler Handler(Sidecar.Runtime.Resources.RunApp app)
    {
        var handler = new SocketsHttpHandler();
        if (app.UnixDomainSocket is not { } folder)
            return handler;
        var file = new UnixDomainSocketEndPoint(Path.Combine(Path.GetFullPath(folder, app.AppDirPath), $"dapr-{app.AppId}-http.socket"));
        handler.ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(file, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        };
        return handler;
    }

    /// <summary>Returns when the API serves, app or not.</summary>
    public Task ServesAsync(CancellationToken cancellationToken) => AnswersAsync("/healthz/outbound", cancellationToken);

    /// <summary>Returns when the sidecar with its app is ready.</summary>
    public Task IsHealthyAsync(CancellationToken cancellationToken) => AnswersAsync("/healthz", cancellationToken);

    public async Task SetMetadataAsync(string name, string value, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"{Root}/metadata/{name}") { Content = new StringContent(value) };
        if (Environment.GetEnvironmentVariable("DAPR_API_TOKEN") is { Length: > 0 } token)
            request.Headers.TryAddWithoutValidation("dapr-api-token", token);
        using var response = await http.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>The first of the addresses it listens on; for one that stands for all, the loopback address.</summary>
    private static string Address(string? listenAddresses)
    {
        var first = listenAddresses?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        if (!IPAddress.TryParse(first?.Trim('[', ']'), out var address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
            address = IPAddress.Loopback;
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : $"{address}";
    }

    private async Task AnswersAsync(string path, CancellationToken cancellationToken)
    {
        while (!await IsSuccessAsync(path, cancellationToken))
            await Task.Delay(Pause, time, cancellationToken);
    }

    private async Task<bool> IsSuccessAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync(Root + path, cancellationToken);
            return response.IsSuccessStatusCode;
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
