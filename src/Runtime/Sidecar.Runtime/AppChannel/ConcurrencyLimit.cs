using System.Net;

namespace Sidecar.Runtime.AppChannel;

/// <summary>
/// <c>--app-max-concurrency</c>: so many calls of the app at a time, whoever makes them. A call lasts until its response is
/// disposed, body included. Those that wait take their turn in order, or give up with their caller.
/// </summary>
internal sealed class ConcurrencyLimit(IAppChannel app, int calls) : IAppChannel
{
    // Never disposed: a response may outlive the channel, and nobody takes its wait handle.
    private readonly SemaphoreSlim _free = new(calls, calls);

    public bool HasApp => app.HasApp;

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var response = await app.SendAsync(request, cancellationToken).ConfigureAwait(false);
            response.Content = new CountedContent(response.Content, _free);
            return response;
        }
        catch
        {
            _free.Release();
            throw;
        }
    }

    /// <summary>The app's content; its end is the end of the call.</summary>
    private sealed class CountedContent : HttpContent
    {
        private readonly HttpContent _content;
        private SemaphoreSlim? _free;

        public CountedContent(HttpContent content, SemaphoreSlim free)
        {
            _content = content;
            foreach (var (name, values) in content.Headers.NonValidated)
                Headers.TryAddWithoutValidation(name, (IEnumerable<string>)values);
            _free = free;
        }

        protected override Task<Stream> CreateContentReadStreamAsync() => _content.ReadAsStreamAsync();

        protected override Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) => _content.ReadAsStreamAsync(cancellationToken);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => _content.CopyToAsync(stream, context);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
            _content.CopyToAsync(stream, context, cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _content.Dispose();
                Interlocked.Exchange(ref _free, null)?.Release();
            }

            base.Dispose(disposing);
        }
    }
}
