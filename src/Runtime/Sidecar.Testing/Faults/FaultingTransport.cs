using System.Net;

namespace Sidecar.Testing.Faults;

/// <summary>Between a sidecar and its app.</summary>
internal sealed class FaultingTransport : DelegatingHandler
{
    private readonly SidecarWires _wires;

    public FaultingTransport(SidecarWires wires, HttpMessageHandler inner)
        : base(inner) => _wires = wires;

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => _wires.CallAsync(
        new FaultCall(_wires.AppId, request.RequestUri?.AbsolutePath, null),
        async token => await base.SendAsync(request, token).ConfigureAwait(false),
        message => new HttpRequestException(HttpRequestError.ConnectionError, message),
        fail => new HttpResponseMessage((HttpStatusCode)fail.Status!) { Content = new StringContent(fail.Body), RequestMessage = request },
        cancellationToken).AsTask();
}
