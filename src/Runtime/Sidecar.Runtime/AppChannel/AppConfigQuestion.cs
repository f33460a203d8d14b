using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.AppChannel;

/// <summary>
/// Asks the app for <c>GET /dapr/config</c> when it is up. Only actor settings live there, so for now the answer is read to
/// say what has no effect.
/// </summary>
internal sealed class AppConfigQuestion(SidecarOptions options, IAppChannel app, ILogger<AppConfigQuestion> logger) : ISidecarFeature
{
    private const int MaximumAnswerBytes = 1024 * 1024;

    public async Task OnAppReadyAsync(CancellationToken cancellationToken)
    {
        if (!app.HasApp || options.DisabledInitEndpoints.Contains("config", StringComparer.OrdinalIgnoreCase))
            return;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/dapr/config", UriKind.Relative));
            request.Headers.TryAddWithoutValidation("dapr-app-id", options.AppId);
            using var response = await app.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                logger.NoAppConfig((int)response.StatusCode);
                return;
            }

            await response.Content.LoadIntoBufferAsync(MaximumAnswerBytes, cancellationToken).ConfigureAwait(false);
            using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
            if (document.RootElement.ValueKind == JsonValueKind.Object &&
                document.RootElement.TryGetProperty("entities", out var entities) && entities.ValueKind == JsonValueKind.Array && entities.GetArrayLength() > 0)
                logger.ActorsWithoutEffect(entities.GetRawText());
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException)
        {
            logger.AppConfigUnreadable(failure.Message);
        }
    }
}
