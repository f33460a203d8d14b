namespace Sidecar.Components.Middleware;

/// <summary>
/// Looks at HTTP requests before whom they are for: at the sidecar's API (<c>httpPipeline</c>), or on their way to the app
/// (<c>appHttpPipeline</c>). One instance serves all requests at once.
/// </summary>
public interface IHttpMiddleware : IComponent
{
    /// <summary>null: the request goes on, with what was changed in it; else it ends here with this answer.</summary>
    ValueTask<MiddlewareAnswer?> HandleAsync(MiddlewareRequest request, CancellationToken cancellationToken);
}

/// <summary>
/// A middleware of somebody else, for a type that this runtime has not: <c>middleware.http.oauth2</c>, or one of your own. A sidecar that
/// is given it (<c>SidecarOptions.CustomMiddleware</c>) loads components of that type.
/// </summary>
public interface ICustomMiddleware
{
    /// <summary>As components name it in <c>spec.type</c>: <c>middleware.http.NAME</c>.</summary>
    string Type { get; }

    /// <summary>One for each component of the type; it is initialized with the component's metadata before its first request.</summary>
    IHttpMiddleware Create();
}

/// <summary>A request as a middleware sees and changes it.</summary>
public abstract class MiddlewareRequest
{
    public abstract string Method { get; }

    /// <summary>Escaped, with a leading slash, without the query.</summary>
    public abstract string Path { get; set; }

    /// <summary>With its question mark; empty = none.</summary>
    public abstract string Query { get; set; }

    /// <summary>Address of whoever has sent it; empty over a socket file.</summary>
    public abstract string RemoteAddress { get; }

    /// <summary>Several values are joined by a comma and a blank; null = there is no such header.</summary>
    public abstract string? Header(string name);

    /// <param name="value">In place of all there are; null = the header goes.</param>
    public abstract void SetHeader(string name, string? value);

    /// <summary>Is read in place of the body; the length must stay.</summary>
    public abstract void TransformBody(Func<Stream, Stream> transform);

    /// <summary>For the response, whoever gives it.</summary>
    public abstract void SetResponseHeader(string name, string value);
}

/// <summary>An answer in place of the handler's.</summary>
/// <param name="Text">Plain text.</param>
public sealed record MiddlewareAnswer(int Status, string Text);
