using System.Net;
using System.Text;
using Sidecar.Components.Middleware;

namespace Sidecar.Runtime.AppChannel;

/// <summary>The way to an app through the middleware of <c>appHttpPipeline</c>.</summary>
internal sealed class PipelineChannel(IAppChannel app) : IAppChannel
{
    public bool HasApp => app.HasApp;

    /// <summary>The middleware as it is now, the first first.</summary>
    public Func<IReadOnlyList<IHttpMiddleware>> Pipeline { get; set; } = static () => [];

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        Pipeline() is { Count: > 0 } pipeline ? SendAsync(pipeline, request, cancellationToken) : app.SendAsync(request, cancellationToken);

    private async Task<HttpResponseMessage> SendAsync(IReadOnlyList<IHttpMiddleware> pipeline, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var seen = new OutgoingRequest(request);
        HttpResponseMessage? response = null;
        foreach (var middleware in pipeline)
        {
            if (await middleware.HandleAsync(seen, cancellationToken).ConfigureAwait(false) is not { } answer)
                continue;
            response = new HttpResponseMessage((HttpStatusCode)answer.Status) { Content = new StringContent(answer.Text, Encoding.UTF8, "text/plain") };
            break;
        }

        response ??= await app.SendAsync(request, cancellationToken).ConfigureAwait(false);
        foreach (var (name, value) in seen.ResponseHeaders)
        {
            response.Headers.Remove(name);
            response.Headers.TryAddWithoutValidation(name, value);
        }

        return response;
    }

    private sealed class OutgoingRequest(HttpRequestMessage request) : MiddlewareRequest
    {
        private const string ForwardedFor = "X-Forwarded-For";

        public Dictionary<string, string> ResponseHeaders { get; } = new(StringComparer.OrdinalIgnoreCase);

        public override string Method => request.Method.Method;

        public override string Path
        {
            get => Target.IndexOf('?', StringComparison.Ordinal) is >= 0 and var question ? Target[..question] : Target;
            set => request.RequestUri = new Uri(value + Query, UriKind.Relative);
        }

        public override string Query
        {
            get => Target.IndexOf('?', StringComparison.Ordinal) is >= 0 and var question ? Target[question..] : "";
            set => request.RequestUri = new Uri(Path + value, UriKind.Relative);
        }

        public override string RemoteAddress => Header(ForwardedFor) ?? "";

        private string Target => request.RequestUri!.OriginalString;

        public override string? Header(string name) =>
            request.Headers.NonValidated.TryGetValues(name, out var values) || request.Content?.Headers.NonValidated.TryGetValues(name, out values) == true
                ? string.Join(", ", values)
                : null;

        public override void SetHeader(string name, string? value)
        {
            request.Headers.Remove(name);
            request.Content?.Headers.Remove(name);
            if (value is not null && !request.Headers.TryAddWithoutValidation(name, value))
                (request.Content ??= new ByteArrayContent([])).Headers.TryAddWithoutValidation(name, value);
        }

        public override void TransformBody(Func<Stream, Stream> transform)
        {
            if (request.Content is not { } content)
                return;
            var transformed = new Transformed(content, transform);
            foreach (var (name, values) in content.Headers.NonValidated)
                transformed.Headers.TryAddWithoutValidation(name, (IEnumerable<string>)values);
            request.Content = transformed;
        }

        public override void SetResponseHeader(string name, string value) => ResponseHeaders[name] = value;
    }

    /// <summary>Content that is read through a stream of the middleware's. Its length is the inner one's.</summary>
    private sealed class Transformed(HttpContent inner, Func<Stream, Stream> transform) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            var body = transform(await inner.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false));
            await using (body.ConfigureAwait(false))
                await body.CopyToAsync(stream, cancellationToken).ConfigureAwait(false);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = inner.Headers.ContentLength ?? 0;
            return inner.Headers.ContentLength is not null;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
