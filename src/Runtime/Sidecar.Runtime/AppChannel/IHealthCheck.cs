using Google.Protobuf.WellKnownTypes;

namespace Sidecar.Runtime.AppChannel;

/// <summary>How the app is asked whether it is well (contract 2.17).</summary>
internal interface IHealthCheck
{
    /// <exception cref="HttpRequestException">The app cannot be reached: it is not well.</exception>
    /// <exception cref="OperationCanceledException">It was not told in time.</exception>
    Task<bool> IsWellAsync(CancellationToken cancellationToken);
}

/// <summary>A GET of its health path; 2xx is well.</summary>
internal sealed class HttpHealthCheck(IAppChannel app, string path) : IHealthCheck
{
    private readonly Uri _path = new(path, UriKind.Relative);

    public async Task<bool> IsWellAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, _path);
        using var response = await app.SendAsync(request, cancellationToken).ConfigureAwait(false);
        return response.IsSuccessStatusCode;
    }
}

/// <summary>A call of <see cref="AppCallback.HealthCheck"/>; any answer but an error is well.</summary>
internal sealed class GrpcHealthCheck(GrpcAppChannel app) : IHealthCheck
{
    private static readonly Empty Nothing = new();

    public async Task<bool> IsWellAsync(CancellationToken cancellationToken)
    {
        var isWell = (await app.CallAsync(AppCallback.HealthCheck, Nothing, default, cancellationToken).ConfigureAwait(false)).IsOK;
        if (!isWell)
            cancellationToken.ThrowIfCancellationRequested();
        return isWell;
    }
}
