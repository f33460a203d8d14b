using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Sidecar.Runtime.Security;

/// <summary>
/// <c>--allowed-origins</c> (contract 2.0; the Fetch standard's CORS protocol). A preflight is answered here, before any token is
/// asked for; an origin that is not listed gets its 200 without the headers that would let a browser go on.
/// </summary>
internal sealed class Cors(IReadOnlyList<string> allowedOrigins)
{
    private static readonly string[] Methods = ["HEAD", "GET", "POST", "PUT", "PATCH", "DELETE"];
    private static readonly string[] PreflightVary = [HeaderNames.Origin, HeaderNames.AccessControlRequestMethod, HeaderNames.AccessControlRequestHeaders];

    private readonly bool _all = allowedOrigins.Contains("*");

    public Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (HttpMethods.IsOptions(request.Method) && request.Headers.AccessControlRequestMethod is [{ Length: > 0 } wanted, ..])
        {
            AnswerPreflight(context, wanted);
            return Task.CompletedTask;
        }

        var allowed = Allows(request.Headers.Origin) && Methods.Contains(request.Method, StringComparer.OrdinalIgnoreCase);
        // An app's own headers come later and must not replace these.
        context.Response.OnStarting(() =>
        {
            context.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Origin);
            if (allowed)
                context.Response.Headers.AccessControlAllowOrigin = Answer(context.Request.Headers.Origin);
            return Task.CompletedTask;
        });
        return next(context);
    }

    private void AnswerPreflight(HttpContext context, string wanted)
    {
        var (request, answer) = (context.Request.Headers, context.Response.Headers);
        answer.Vary = PreflightVary;
        context.Response.StatusCode = StatusCodes.Status200OK;
        if (!Allows(request.Origin) || !Methods.Contains(wanted, StringComparer.OrdinalIgnoreCase))
            return;
        answer.AccessControlAllowOrigin = Answer(request.Origin);
        answer.AccessControlAllowMethods = wanted.ToUpperInvariant();
        if (request.AccessControlRequestHeaders.Count > 0)
            answer.AccessControlAllowHeaders = request.AccessControlRequestHeaders;
    }

    private string? Answer(string? origin) => _all ? "*" : origin;

    private bool Allows(string? origin) => !string.IsNullOrEmpty(origin) && (_all || allowedOrigins.Any(allowed => Matches(allowed, origin)));

    /// <summary>One <c>*</c> in an allowed origin stands for any text: <c>https://*.example.com</c>.</summary>
    private static bool Matches(string allowed, string origin)
    {
        var star = allowed.IndexOf('*', StringComparison.Ordinal);
        if (star < 0)
            return allowed.Equals(origin, StringComparison.OrdinalIgnoreCase);
        return origin.Length >= allowed.Length - 1 &&
            origin.StartsWith(allowed[..star], StringComparison.OrdinalIgnoreCase) && origin.EndsWith(allowed[(star + 1)..], StringComparison.OrdinalIgnoreCase);
    }
}
