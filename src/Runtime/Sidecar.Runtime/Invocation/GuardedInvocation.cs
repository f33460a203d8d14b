using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sidecar.Grpc;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.NameResolution;
using Sidecar.Runtime.Resiliency;

namespace Sidecar.Runtime.Invocation;

/// <summary>An invocation under policies. To these a status outside 200 to 399 is a failure, or a gRPC status other than OK (contract 4.4).</summary>
/// <param name="send">Makes one attempt; null: there is no such app.</param>
internal sealed class GuardedInvocation(InvocationCall call, Func<CancellationToken, ValueTask<HttpResponseMessage?>> send) : IGuardedCall<HttpResponseMessage?>
{
    public string Subject => $"{call.Verb} /{call.Method}";

    public bool CanBeRepeated => call.CanBeSent;

    public ValueTask<HttpResponseMessage?> AttemptAsync(CancellationToken cancellationToken) => send(cancellationToken);

    public CallFailure? Judge(HttpResponseMessage? response) => response switch
    {
        null => new CallFailure(InvocationEngine.NotFound(call.AppId)),
        GrpcAppReply reply => reply.Status.IsOK ? null : new CallFailure($"the app answered {reply.Status}", GrpcStatus: (int)reply.Status.Code),
        _ when (int)response.StatusCode is >= 200 and <= 399 => null,
        _ => new CallFailure($"the app answered {(int)response.StatusCode}", HttpStatus: (int)response.StatusCode),
    };

    // What cannot be read of the caller, or may not be called, is no failure of the callee.
    public CallFailure? Judge(Exception failure) =>
        failure is AccessDeniedException || failure.InnerException is BadHttpRequestException ? null : new CallFailure(failure.Message);
}

/// <summary>A gRPC call that is handed on, under policies. They see of its answer what its headers say, a failure that has no message before it; and nothing of a stream's.</summary>
/// <inheritdoc cref="GuardedInvocation"/>
internal sealed class GuardedForward(ProxiedCall call, Func<CancellationToken, ValueTask<HttpResponseMessage?>> send) : IGuardedCall<HttpResponseMessage?>
{
    private bool _isRepeated;

    public string Subject => call.Forwarded.Path;

    public bool CanBeRepeated => call.CanBeSent;

    public async ValueTask<HttpResponseMessage?> AttemptAsync(CancellationToken cancellationToken)
    {
        if (_isRepeated)
            await call.Forwarded.RewindAsync().ConfigureAwait(false);
        _isRepeated = true;
        return await send(cancellationToken).ConfigureAwait(false);
    }

    public CallFailure? Judge(HttpResponseMessage? response)
    {
        if (response is null)
            return new CallFailure(InvocationEngine.NotFound(call.AppId));
        return !call.IsStream && response.Headers.NonValidated.TryGetValues("grpc-status", out var values)
            && int.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var status) && status != (int)StatusCode.OK
            ? new CallFailure($"the app answered {(StatusCode)status}", GrpcStatus: status)
            : null;
    }

    public CallFailure? Judge(Exception failure) => failure is AccessDeniedException ? null : new CallFailure(failure.Message);
}
