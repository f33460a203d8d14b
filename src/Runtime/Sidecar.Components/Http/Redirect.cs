using System.Net;

namespace Sidecar.Components.Http;

/// <summary>The request that a redirect asks for, in the way of Go's client (RFC 9110, section 15.4).</summary>
public static class Redirect
{
    /// <summary>How many are followed.</summary>
    public const int Most = 10;

    /// <summary>Not for another origin than the one they were meant for.</summary>
    private static readonly string[] Personal = ["Authorization", "Cookie", "Cookie2", "WWW-Authenticate"];

    /// <summary>null when the response is no redirect, leads nowhere, or would need a body that was sent and is gone.</summary>
    /// <param name="secrets">Headers that only the first origin may see.</param>
    /// <exception cref="HttpRequestException">It leads out of HTTP.</exception>
    public static HttpRequestMessage? Next(HttpRequestMessage request, HttpResponseMessage response, IReadOnlyList<KeyValuePair<string, string>> secrets)
    {
        if (response.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or
            HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect) || response.Headers.Location is not { } location)
            return null;
        var keepsBody = response.StatusCode is HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;
        if (keepsBody && request.Content is not (null or ByteArrayContent or ReadOnlyMemoryContent))
            return null;

        var target = new Uri(request.RequestUri!, location);
        if (target.Scheme != Uri.UriSchemeHttp && target.Scheme != Uri.UriSchemeHttps)
            throw new HttpRequestException($"redirected to {target}, which is not HTTP");
        var method = keepsBody || request.Method == HttpMethod.Get || request.Method == HttpMethod.Head ? request.Method : HttpMethod.Get;
        var next = new HttpRequestMessage(method, target) { Content = keepsBody ? request.Content : null };
        var isSameOrigin = Uri.Compare(request.RequestUri!, target, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;
        foreach (var (name, values) in request.Headers.NonValidated)
        {
            if (isSameOrigin || !IsSecret(name, secrets))
                next.Headers.TryAddWithoutValidation(name, (IEnumerable<string>)values);
        }

        return next;
    }

    private static bool IsSecret(string name, IReadOnlyList<KeyValuePair<string, string>> secrets) =>
        Personal.Contains(name, StringComparer.OrdinalIgnoreCase) || secrets.Any(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase));
}
