using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Invocation.External;
using Sidecar.Runtime.NameResolution;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.Invocation;

/// <summary>One call, ready to be sent as often as its body allows.</summary>
/// <param name="Method">Cleaned and escaped, without a leading slash.</param>
/// <param name="RemoteAddress">The caller's address, for the Forwarded headers.</param>
/// <param name="Host">The caller's Host header.</param>
internal sealed record InvocationCall(
    string AppId, HttpMethod Verb, string Method, string Query, IHeaderDictionary Headers, ForwardedBody Body, TraceContext Trace, string RemoteAddress, string Host);

/// <summary>A response to hand on and dispose, or an error.</summary>
internal readonly record struct InvocationOutcome(HttpResponseMessage? Response, DaprError? Error);

/// <summary>
/// Finds the callee's sidecar and hands the call over. The callee's status is never an error here; a sidecar that cannot be
/// reached is tried again 3 times, 1 s apart (contract 2.4, "Retries").
/// </summary>
internal sealed class InvocationEngine(SidecarOptions options, INameResolver names, ExternalServices external, ILogger<InvocationEngine> logger)
{
    private const int Attempts = 4;
    private const int ResolveAttempts = 5;
    private const string DefaultNamespace = "default";
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ResolveInterval = TimeSpan.FromMilliseconds(100);

    private readonly string _namespace = options.Namespace ?? DefaultNamespace;

    public async ValueTask<InvocationOutcome> InvokeAsync(InvocationCall call, CancellationToken cancellationToken)
    {
        if (external.Find(call.AppId) is { } service)
            return await CallExternalAsync(service, call, cancellationToken).ConfigureAwait(false);
        if (Unqualified(call.AppId) is not { } name)
            return Failed(call.AppId, $"couldn't find service: {call.AppId}");
        if (name.Length < call.AppId.Length)
            call = call with { AppId = name };
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (await ResolveAsync(call.AppId, cancellationToken).ConfigureAwait(false) is not { } peer)
                    return Failed(call.AppId, $"couldn't find service: {call.AppId}");
                return new InvocationOutcome(await peer.InvokeAsync(ToRequest(call), cancellationToken).ConfigureAwait(false), null);
            }
            catch (PeerUnavailableException unavailable) when (attempt < Attempts && call.Body.IsKept)
            {
                logger.RetryingPeer(call.AppId, attempt + 1, Attempts, unavailable.Message);
                await Task.Delay(RetryInterval, options.Time, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is HttpRequestException or PeerUnavailableException or NameRegistryException)
            {
                return Failed(call.AppId, failure.InnerException is BadHttpRequestException bad ? bad.Message : failure.Message);
            }
        }
    }

    // What it answers is its own; that it cannot be reached is not tried again (contract 2.4, "Retries").
    private async ValueTask<InvocationOutcome> CallExternalAsync(IPeer service, InvocationCall call, CancellationToken cancellationToken)
    {
        try
        {
            return new InvocationOutcome(await service.InvokeAsync(ToPlainRequest(call), cancellationToken).ConfigureAwait(false), null);
        }
        catch (HttpRequestException failure)
        {
            return Failed(call.AppId, failure.InnerException is BadHttpRequestException bad ? bad.Message : failure.Message);
        }
    }

    // "name.namespace" (contract 2.4). One run knows one namespace, its own; app-ids hold no dot.
    private string? Unqualified(string appId)
    {
        var dot = appId.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0)
            return appId;
        return dot > 0 && appId.AsSpan(dot + 1).SequenceEqual(_namespace) ? appId[..dot] : null;
    }

    // A sidecar that starts at the same time may register a moment later.
    private async ValueTask<IPeer?> ResolveAsync(string appId, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt < ResolveAttempts; attempt++)
        {
            if (await names.ResolveAsync(appId, cancellationToken).ConfigureAwait(false) is { } peer)
                return peer;
            await Task.Delay(ResolveInterval, options.Time, cancellationToken).ConfigureAwait(false);
        }

        return await names.ResolveAsync(appId, cancellationToken).ConfigureAwait(false);
    }

    private static HttpRequestMessage ToPlainRequest(InvocationCall call)
    {
        var request = new HttpRequestMessage(call.Verb, new Uri($"/{call.Method}{call.Query}", UriKind.Relative)) { Content = call.Body.ToContent() };
        HeaderRules.BeginRequest(call.Headers, request);
        request.Headers.TryAddWithoutValidation(TraceContext.ParentHeader, call.Trace.TraceParent);
        if (call.Trace.TraceState.Length > 0)
            request.Headers.TryAddWithoutValidation(TraceContext.StateHeader, call.Trace.TraceState);
        return request;
    }

    private HttpRequestMessage ToRequest(InvocationCall call)
    {
        var request = ToPlainRequest(call);
        request.Headers.TryAddWithoutValidation(HeaderRules.CallerAppId, options.AppId);
        request.Headers.TryAddWithoutValidation(HeaderRules.CalleeAppId, call.AppId);
        request.Headers.TryAddWithoutValidation(HeaderRules.CallerNamespace, _namespace);
        // Over a socket file there is no address.
        if (call.RemoteAddress.Length > 0 && !call.AppId.Equals(options.AppId, StringComparison.Ordinal))
        {
            request.Headers.TryAddWithoutValidation("X-Forwarded-For", call.RemoteAddress);
            request.Headers.TryAddWithoutValidation("X-Forwarded-Host", call.Host);
            request.Headers.TryAddWithoutValidation("Forwarded", $"for={call.RemoteAddress};by={call.RemoteAddress};host={call.Host}");
        }

        return request;
    }

    private InvocationOutcome Failed(string appId, string reason)
    {
        logger.InvokeFailed(appId, reason);
        return new InvocationOutcome(null, InvocationErrors.Failed(appId, reason));
    }
}
