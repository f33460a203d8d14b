using System.Net;
using Microsoft.Extensions.Logging;
using Sidecar.Components.Bindings;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resiliency;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.Bindings.Input;

/// <summary>
/// An app that speaks HTTP (contract section 2.11): <c>OPTIONS /{route}</c> asks it, and 2xx or 405 is a yes; an event is a
/// <c>POST /{route}</c> with its metadata as headers, handled if the answer is 2xx, and a success for policies if it is 200.
/// </summary>
internal sealed class HttpBindingApp(IAppChannel app, SidecarOptions options, ILogger<HttpBindingApp> logger) : IBindingApp
{
    public async Task<bool> TakesAsync(InputTarget target, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.AppBindingTimeout, options.Time);
        using var asking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        using var request = new HttpRequestMessage(HttpMethod.Options, target.Path) { Content = new ByteArrayContent([]) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", ContentTypes.Json);
        try
        {
            using var response = await app.SendAsync(request, asking.Token).ConfigureAwait(false);
            var takes = response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.MethodNotAllowed;
            if (!takes)
                logger.Declined(target.Binding, target.Path.OriginalString, (int)response.StatusCode);
            return takes;
        }
        catch (OperationCanceledException slow) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"no answer to OPTIONS {target.Path.OriginalString} within {options.AppBindingTimeout.TotalSeconds:0.###} s", slow);
        }
    }

    public async ValueTask<EventAnswer> DeliverAsync(InputTarget target, BindingEvent bindingEvent, CancellationToken cancellationToken)
    {
        var (traceParent, traceState) = (bindingEvent.Metadata.GetValueOrDefault(TraceContext.ParentHeader), bindingEvent.Metadata.GetValueOrDefault(TraceContext.StateHeader));
        using var span = SidecarSpans.StartBindingEvent(options, target.Binding, traceParent, traceState);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, target.Path) { Content = new ReadOnlyMemoryContent(bindingEvent.Data) };
            request.Content.Headers.TryAddWithoutValidation("Content-Type", ContentTypes.Json);
            foreach (var (name, value) in bindingEvent.Metadata)
                EventHeaders.TryAdd(request, name, value);
            EventHeaders.AddTrace(request, TraceContext.Continue(traceParent, traceState));

            using var response = await app.SendAsync(request, cancellationToken).ConfigureAwait(false);
            span?.SetStatus((int)response.StatusCode);
            var answer = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
            return new EventAnswer(answer, response.StatusCode == HttpStatusCode.OK
                ? null
                : new CallFailure($"the app answered POST {target.Path.OriginalString} with {(int)response.StatusCode}", HttpStatus: (int)response.StatusCode));
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return new EventAnswer(default, new CallFailure(failure.Message));
        }
    }
}
