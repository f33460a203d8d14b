using System.Net;
using System.Text.Json;

namespace Dapr.Client;

/// <summary>Turns an error answer of the sidecar, <c>{"errorCode","message"}</c>, into an exception.</summary>
internal static class SidecarError
{
    private const int LongestQuote = 500;

    public static async Task<DaprApiException> ReadAsync(HttpResponseMessage response, string operation, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        var error = Parse(body);
        var (code, message) = (error.ErrorCode, error.Message);
        var status = (int)response.StatusCode;
        var text = $"{operation} failed: the Dapr sidecar answered {status}{(code.Length == 0 ? "" : " " + code)}. {message}".TrimEnd();
        var cause = new HttpRequestException(message, inner: null, response.StatusCode);
        return new DaprApiException(text, cause, code, IsTransient(response.StatusCode));
    }

    private static DaprError Parse(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return new DaprError { ErrorCode = Text(document.RootElement, "errorCode"), Message = Text(document.RootElement, "message") };
        }
        catch (JsonException)
        {
            // Not an error of the API's own shape, such as the plain text of a refused token; quoted as it is.
        }

        var text = System.Text.Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, LongestQuote)));
        return new DaprError { Message = text.Trim() };
    }

    private static string Text(JsonElement error, string name) =>
        error.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static bool IsTransient(HttpStatusCode status) => status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
        or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;
}
