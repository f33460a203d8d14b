using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Components.Middleware;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.Middleware;

/// <summary>A request at the sidecar's API, for middleware.</summary>
internal sealed class ApiRequest(HttpContext context) : MiddlewareRequest
{
    public override string Method => context.Request.Method;

    public override string Path
    {
        get => RawPath.Escaped(context).ToString();
        set => Retarget(value, Query);
    }

    public override string Query
    {
        get => context.Request.QueryString.Value ?? "";
        set => Retarget(Path, value);
    }

    public override string RemoteAddress => context.Connection.RemoteIpAddress?.ToString() ?? "";

    public override string? Header(string name) => context.Request.Headers[name] is { Count: > 0 } values ? string.Join(", ", (IEnumerable<string?>)values) : null;

    public override void SetHeader(string name, string? value)
    {
        if (value is null)
            context.Request.Headers.Remove(name);
        else
            context.Request.Headers[name] = value;
    }

    public override void TransformBody(Func<Stream, Stream> transform) => context.Request.Body = transform(context.Request.Body);

    public override void SetResponseHeader(string name, string value) => context.Response.Headers[name] = value;

    // Routing sees the decoded path, and slices read the escaped one from the raw target.
    private void Retarget(string path, string query)
    {
        var feature = context.Features.GetRequiredFeature<IHttpRequestFeature>();
        feature.RawTarget = path + query;
        context.Request.Path = PathString.FromUriComponent(path.StartsWith('/') ? path : "/" + path);
        context.Request.QueryString = new QueryString(query);
    }
}
