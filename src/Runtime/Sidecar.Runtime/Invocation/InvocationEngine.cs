using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sidecar.Grpc;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Invocation.External;
using Sidecar.Runtime.NameResolution;
using Sidecar.Runtime.Resiliency;
using Sidecar.Runtime.Security;

namespace Sidecar.Runtime.Invocation;

/// <summary>A response to hand on and dispose, or an error.</summary>
internal readonly record struct InvocationOutcome(HttpResponseMessage? Response, DaprError? Error);

/// <summary>
/// Finds the callee's sidecar and hands the call over, under the policies of the callee. Its status is never an error here; a sidecar
/// that cannot be reached is tried again as the built-in policy says, 3 times, 1 s apart, unless a file names the callee (contract
/// 2.4, "Retries", and 4.4).
/// </summary>
internal sealed class InvocationEngine(SidecarOptions options, INameResolver names, ExternalServices external, ResiliencyPolicies policies, PolicyEvents events, SidecarIdentity identity, ILogger<InvocationEngine> logger)
{
    private const int ResolveAttempts = 5;
    private static readonly TimeSpan ResolveInterval = TimeSpan.FromMilliseconds(100);

    private readonly CallerIdentity _self = new(options.AppId, options.OwnNamespace, identity.Tls?.Self);

    /// <summary>Whether a policy may have calls of this target made again, so that their bodies are to be kept.</summary>
    public bool Retries(string target) => GuardOf(target).Policies.Retry is not null;

    public async ValueTask<InvocationOutcome> InvokeAsync(InvocationCall call, CancellationToken cancellationToken)
    {
        try
        {
            var guard = GuardOf(call.AppId);
            var response = guard.Policies.IsEmpty
                ? await SendAsync(call, cancellationToken).ConfigureAwait(false)
                : await SendAsync(call, guard, cancellationToken).ConfigureAwait(false);
            return response is null ? Failed(call.AppId, NotFound(call.AppId)) : new InvocationOutcome(response, null);
        }
        catch (PolicyTimeoutException late)
        {
            logger.InvokeFailed(call.AppId, late.Message);
            return new InvocationOutcome(null, InvocationErrors.TimedOut(call.AppId, late.Message));
        }
        catch (AccessDeniedException denied)
        {
            logger.InvokeFailed(call.AppId, denied.Message);
            return new InvocationOutcome(null, InvocationErrors.Denied(call.AppId, denied.Message));
        }
        catch (Exception failure) when (failure is HttpRequestException or PeerUnavailableException or NameRegistryException or PolicyException)
        {
            return Failed(call.AppId, failure.InnerException is BadHttpRequestException bad ? bad.Message : failure.Message);
        }
    }

    /// <summary>Hands a gRPC call on. To its caller all that is not the callee's word is UNAVAILABLE, and DEADLINE_EXCEEDED what a timeout policy has ended.</summary>
    /// <exception cref="HttpRequestException">The callee's app cannot be reached or broke the connection.</exception>
    public async ValueTask<ForwardReply> ForwardAsync(ProxiedCall call, CancellationToken cancellationToken)
    {
        try
        {
            var guard = GuardOf(call.AppId);
            if (guard.Policies.Retry is not null && !call.IsStream)
                call.Forwarded.Keep(options.MaxMessageSize);
            var response = guard.Policies.IsEmpty
                ? await SendToPeerAsync(call, cancellationToken).ConfigureAwait(false)
                : await SendToPeerAsync(call, guard, cancellationToken).ConfigureAwait(false);
            call.Forwarded.Release();
            return response is null ? Unavailable(call.AppId, NotFound(call.AppId)) : new ForwardReply(response, null);
        }
        catch (PolicyTimeoutException late)
        {
            return new ForwardReply(null, InvocationErrors.TimedOut(call.AppId, late.Message).ToGrpc());
        }
        catch (AccessDeniedException denied)
        {
            return new ForwardReply(null, InvocationErrors.Denied(call.AppId, denied.Message).ToGrpc());
        }
        catch (Exception failure) when (failure is PeerUnavailableException or NameRegistryException or PolicyException)
        {
            return Unavailable(call.AppId, failure.Message);
        }
    }

    private TargetGuard GuardOf(string target) => policies.App(ExternalServices.UrlOf(target) ?? Unqualified(target) ?? target);

    // Apart, because a call that nothing guards has no use for a closure.
    private ValueTask<HttpResponseMessage?> SendAsync(InvocationCall call, TargetGuard guard, CancellationToken cancellationToken) =>
        guard.RunAsync(new GuardedInvocation(call, token => SendAsync(call, token)), call.Method, cancellationToken);

    private ValueTask<HttpResponseMessage?> SendToPeerAsync(ProxiedCall call, TargetGuard guard, CancellationToken cancellationToken)
    {
        var guarded = new GuardedForward(call, token => SendToPeerAsync(call, token));
        return guard.RunAsync(guarded, call.Forwarded.Path, cancellationToken, isLimited: !call.IsStream);
    }

    private async ValueTask<HttpResponseMessage?> SendAsync(InvocationCall call, CancellationToken cancellationToken) => external.Find(call.AppId) is { } service
        ? await CallExternalAsync(service, call, cancellationToken).ConfigureAwait(false)
        : await SendToPeerAsync(call, cancellationToken).ConfigureAwait(false);

    /// <summary>null: there is no such app.</summary>
    private async ValueTask<HttpResponseMessage?> SendToPeerAsync(IOutgoingCall call, CancellationToken cancellationToken)
    {
        if (Unqualified(call.AppId) is not { } calleeId)
            return null;
        RetryRun? schedule = null;
        HashSet<string>? asked = null;
        var peer = await ResolveAsync(calleeId, cancellationToken).ConfigureAwait(false);
        while (peer is not null)
        {
            try
            {
                return await call.SendAsync(peer, calleeId, _self, cancellationToken).ConfigureAwait(false);
            }
            catch (PeerUnavailableException unavailable) when (call.CanBeSent)
            {
                // An instance that was not even reached costs the call no attempt while there is another that it has not asked.
                (asked ??= new HashSet<string>(StringComparer.Ordinal)).Add(unavailable.Address);
                peer = unavailable.IsUnsent ? await names.ResolveOtherAsync(calleeId, asked, cancellationToken).ConfigureAwait(false) : null;
                if (peer is not null)
                {
                    logger.AskingAnother(calleeId, unavailable.Message);
                    continue;
                }

                if (policies.ServiceRetry(calleeId) is not { } retry || (schedule ??= new RetryRun(retry.Policy, options.Time)).Next() is not { } pause)
                    throw;
                events.Retrying(GuardTarget.App(calleeId), retry.Name, $"a call of {calleeId}", unavailable.Message, pause, schedule.Count);
                await Task.Delay(pause, options.Time, cancellationToken).ConfigureAwait(false);
                asked.Clear();
                peer = await ResolveAsync(calleeId, cancellationToken).ConfigureAwait(false);
            }
        }

        return null;
    }

    // What it answers is its own; that it cannot be reached is not tried again (contract 2.4, "Retries").
    private static Task<HttpResponseMessage> CallExternalAsync(IPeer service, InvocationCall call, CancellationToken cancellationToken)
    {
        var request = call.ToPlainRequest();
        if (request is GrpcInvocation invocation)
        {
            if (invocation.RefusalByHttp is { } refusal)
                return Task.FromResult<HttpResponseMessage>(new GrpcAppReply(refusal));
            MetadataRules.ToHttp(request);
        }

        return service.InvokeAsync(request, cancellationToken);
    }

    // "name.namespace" (contract 2.4). One run knows one namespace, its own; app-ids hold no dot.
    private string? Unqualified(string appId)
    {
        var dot = appId.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0)
            return appId;
        return dot > 0 && appId.AsSpan(dot + 1).SequenceEqual(_self.Namespace) ? appId[..dot] : null;
    }

    // A sidecar that starts at the same time may register a moment later.
    private async ValueTask<ISidecarPeer?> ResolveAsync(string appId, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt < ResolveAttempts; attempt++)
        {
            if (await names.ResolveAsync(appId, cancellationToken).ConfigureAwait(false) is { } peer)
                return peer;
            await Task.Delay(ResolveInterval, options.Time, cancellationToken).ConfigureAwait(false);
        }

        return await names.ResolveAsync(appId, cancellationToken).ConfigureAwait(false);
    }

    public static string NotFound(string appId) => $"couldn't find service: {appId}";

    private ForwardReply Unavailable(string appId, string reason) =>
        new(null, new GrpcStatus(StatusCode.Unavailable, Failed(appId, reason).Error!.Message));

    private InvocationOutcome Failed(string appId, string reason)
    {
        logger.InvokeFailed(appId, reason);
        return new InvocationOutcome(null, InvocationErrors.Failed(appId, reason));
    }
}
