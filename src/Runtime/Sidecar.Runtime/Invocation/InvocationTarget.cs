using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.Invocation;

/// <summary>Who is called, and what: read from the raw request line, since routing would lose <c>%2F</c> and the order of a query.</summary>
/// <param name="AppId">Target, never empty.</param>
/// <param name="Method">Escaped; as it came until it is cleaned.</param>
/// <param name="Query">With its question mark; empty = none.</param>
internal readonly record struct InvocationTarget(string AppId, string Method, string Query)
{
    public const string AppIdHeader = "dapr-app-id";
    private const string InvokePrefix = "/v1.0/invoke/";
    private const string MethodPart = "/method/";
    private const string BasicScheme = "Basic ";

    /// <summary>The header form comes before the URL form; null when neither names an app.</summary>
    public static InvocationTarget? From(HttpContext context) =>
        HeaderTarget(context.Request.Headers) is { Length: > 0 } named
            ? new InvocationTarget(named, RawPath.Escaped(context).TrimStart('/').ToString(), QueryOf(context))
            : FromUrl(context);

    /// <summary>The URL form alone: between sidecars, where headers are the caller's and name nothing.</summary>
    public static InvocationTarget? FromUrl(HttpContext context)
    {
        var path = RawPath.Escaped(context);
        if (!path.StartsWith(InvokePrefix))
            return null;
        path = path[InvokePrefix.Length..];
        var end = path.IndexOf(MethodPart);
        return end <= 0
            ? null
            : new InvocationTarget(Uri.UnescapeDataString(path[..end]), path[(end + MethodPart.Length)..].ToString(), QueryOf(context));
    }

    // As it was sent, in the order it was sent.
    private static string QueryOf(HttpContext context)
    {
        var raw = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var question = raw.IndexOf('?', StringComparison.Ordinal);
        return question < 0 ? "" : raw[question..];
    }

    private static string? HeaderTarget(IHeaderDictionary headers)
    {
        // Of several the first counts.
        if (headers[AppIdHeader] is [{ Length: > 0 } named, ..])
            return named;
        if (headers.Authorization is not [{ } authorization] || !authorization.StartsWith(BasicScheme, StringComparison.OrdinalIgnoreCase))
            return null;

        var credentials = new byte[authorization.Length];
        if (!Convert.TryFromBase64String(authorization[BasicScheme.Length..].Trim(), credentials, out var length))
            return null;
        var text = Encoding.UTF8.GetString(credentials, 0, length);
        return text.StartsWith(AppIdHeader + ":", StringComparison.Ordinal) ? text[(AppIdHeader.Length + 1)..] : null;
    }
}
