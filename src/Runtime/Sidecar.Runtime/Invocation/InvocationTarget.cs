using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Sidecar.Runtime.Invocation;

/// <summary>Who is called, and what: read from the raw request line, since routing would lose <c>%2F</c> and the order of a query.</summary>
/// <param name="AppId">Target, never empty.</param>
/// <param name="Method">As it came: escaped, not cleaned.</param>
/// <param name="Query">With its question mark; empty = none.</param>
internal readonly record struct InvocationTarget(string AppId, string Method, string Query)
{
    public const string AppIdHeader = "dapr-app-id";
    private const string InvokePrefix = "/v1.0/invoke/";
    private const string MethodPart = "/method/";
    private const string BasicScheme = "Basic ";

    /// <summary>The header form comes before the URL form; null when neither names an app.</summary>
    public static InvocationTarget? From(HttpContext context)
    {
        var (path, query) = Split(context);
        return HeaderTarget(context.Request.Headers) is { Length: > 0 } named
            ? new InvocationTarget(named, path.TrimStart('/'), query)
            : FromUrl(context);
    }

    /// <summary>The URL form alone: between sidecars, where headers are the caller's and name nothing.</summary>
    public static InvocationTarget? FromUrl(HttpContext context)
    {
        var (path, query) = Split(context);
        return UrlTarget(path) is { } target ? target with { Query = query } : null;
    }

    private static (string Path, string Query) Split(HttpContext context)
    {
        var raw = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var question = raw.IndexOf('?', StringComparison.Ordinal);
        return question < 0 ? (raw, "") : (raw[..question], raw[question..]);
    }

    private static InvocationTarget? UrlTarget(string path)
    {
        path = CollapseLeadingSlashes(path);
        if (!path.StartsWith(InvokePrefix, StringComparison.Ordinal))
            return null;
        var method = path.IndexOf(MethodPart, InvokePrefix.Length, StringComparison.Ordinal);
        if (method <= InvokePrefix.Length)
            return null;
        var appId = Uri.UnescapeDataString(path.AsSpan(InvokePrefix.Length, method - InvokePrefix.Length));
        return new InvocationTarget(appId, path[(method + MethodPart.Length)..], "");
    }

    private static string CollapseLeadingSlashes(string path)
    {
        while (path.Contains("//", StringComparison.Ordinal) && path.IndexOf("//", StringComparison.Ordinal) < InvokePrefix.Length)
            path = path.Remove(path.IndexOf("//", StringComparison.Ordinal), 1);
        return path;
    }

    private static string? HeaderTarget(IHeaderDictionary headers)
    {
        if (headers[AppIdHeader] is [{ Length: > 0 } named])
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
