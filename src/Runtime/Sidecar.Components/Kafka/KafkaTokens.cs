using System.Net.Http.Headers;
using System.Text.Json;
using Sidecar.Components.Kafka.Native;

namespace Sidecar.Components.Kafka;

/// <summary>
/// Gets tokens for SASL OAUTHBEARER by the client credentials grant (RFC 6749, section 4.4). Distributions build librdkafka
/// without its own means for that, which would need libcurl.
/// </summary>
internal sealed unsafe class KafkaTokens(OidcOptions options, TimeProvider time) : IDisposable
{
    private const int ErrorSize = 512;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>Called on the thread that polls the client, which has nothing else to do until there is a token.</summary>
    public void Refresh(KafkaHandle client)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, options.TokenEndpoint)
            {
                Content = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("scope", options.Scopes)]),
            };
            var credentials = $"{Uri.EscapeDataString(options.ClientId)}:{Uri.EscapeDataString(options.ClientSecret)}";
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(credentials)));
            using var response = _http.Send(request);
            if (!response.IsSuccessStatusCode)
                throw new ComponentException($"'oidcTokenEndpoint' answers {(int)response.StatusCode}");
            using var answer = JsonDocument.Parse(response.Content.ReadAsStream());
            var token = answer.RootElement.GetProperty("access_token").GetString()!;
            var seconds = answer.RootElement.TryGetProperty("expires_in", out var given) && given.TryGetInt64(out var known) ? known : 300;
            Set(client, token, time.GetUtcNow().AddSeconds(seconds).ToUnixTimeMilliseconds());
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Tried again by the library, ten seconds later; the reason comes back as an error of the client.
            Librdkafka.SetTokenFailure(client, $"no token from '{options.TokenEndpoint}': {failure.Message}");
        }
    }

    public void Dispose() => _http.Dispose();

    private void Set(KafkaHandle client, string token, long expires)
    {
        var texts = options.Extensions.SelectMany(static entry => new[] { entry.Key, entry.Value }).Select(static text => (nint)System.Runtime.InteropServices.Marshal.StringToCoTaskMemUTF8(text)).ToArray();
        try
        {
            var error = stackalloc byte[ErrorSize];
            fixed (nint* extensions = texts)
            {
                if (Librdkafka.SetToken(client, token, expires, options.ClientId, (byte**)extensions, (nuint)texts.Length, error, ErrorSize) != KafkaCode.None)
                    throw new ComponentException(Librdkafka.Text(error));
            }
        }
        finally
        {
            foreach (var text in texts)
                System.Runtime.InteropServices.Marshal.FreeCoTaskMem(text);
        }
    }
}
