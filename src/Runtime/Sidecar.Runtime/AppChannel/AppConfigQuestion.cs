using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.AppChannel;

/// <summary>
/// Asks the app for <c>GET /dapr/config</c> when it is up. Only actor settings live there, so for now the answer is read to
/// say what has no effect. An app that speaks gRPC has no such settings.
/// </summary>
internal sealed class AppConfigQuestion(SidecarOptions options, IAppChannel app, TimeProvider time, ILogger<AppConfigQuestion> logger) : ISidecarFeature
{
    private static readonly Uri Path = new("/dapr/config", UriKind.Relative);

    private readonly AppQuestion _question = new(app, options, time);

    public async Task OnAppReadyAsync(CancellationToken cancellationToken)
    {
        if (!app.HasApp || AppProtocol.Of(options).IsGrpc || options.DisabledInitEndpoints.Contains("config", StringComparer.OrdinalIgnoreCase))
            return;
        var answer = await _question.AskAsync(Path, cancellationToken).ConfigureAwait(false);
        if (answer.Failure is { } failure)
            logger.AppConfigUnreadable(failure.Message);
        else if (answer.Status != HttpStatusCode.OK)
            logger.NoAppConfig((int)answer.Status);
        else
            Read(answer.Body);
    }

    private void Read(byte[] answer)
    {
        try
        {
            using var document = JsonDocument.Parse(answer);
            if (document.RootElement.ValueKind == JsonValueKind.Object &&
                document.RootElement.TryGetProperty("entities", out var entities) && entities.ValueKind == JsonValueKind.Array && entities.GetArrayLength() > 0)
                logger.ActorsWithoutEffect(entities.GetRawText());
        }
        catch (JsonException malformed)
        {
            logger.AppConfigUnreadable(malformed.Message);
        }
    }
}
