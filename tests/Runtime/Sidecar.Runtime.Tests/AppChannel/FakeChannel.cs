using System.Collections.Concurrent;
using System.Net;
using Sidecar.Runtime.AppChannel;

namespace Sidecar.Runtime.Tests.AppChannel;

/// <summary>An app that answers as a test says, at once.</summary>
internal sealed class FakeChannel : IAppChannel
{
    public Func<CancellationToken, Task<HttpStatusCode>> Answer { get; set; } = _ => Task.FromResult(HttpStatusCode.OK);

    public ConcurrentQueue<string> Asked { get; } = new();

    public bool HasApp => true;

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Asked.Enqueue(request.RequestUri!.OriginalString);
        return new HttpResponseMessage(await Answer(cancellationToken));
    }
}
