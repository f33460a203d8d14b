using Microsoft.Extensions.Logging;
using Sidecar.Components.Bindings;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resiliency;

namespace Sidecar.Runtime.Bindings;

/// <summary>What a call of an output binding came to. A reply has metadata to tell also when there is an error.</summary>
/// <param name="Reply">null: there is nothing to answer.</param>
internal readonly record struct InvokeOutcome(BindingReply? Reply, DaprError? Error);

/// <summary>The rules of output bindings (contract section 2.11), for every front. Failures are values.</summary>
internal sealed class BindingsEngine(ComponentRegistry components, ResiliencyPolicies policies, ILogger<BindingsEngine> logger)
{
    /// <param name="binding">Name of the component.</param>
    /// <param name="request">With an empty operation if none was named.</param>
    public async ValueTask<InvokeOutcome> InvokeAsync(string binding, BindingRequest request, CancellationToken cancellationToken)
    {
        if (request.Operation.Length == 0)
            return new InvokeOutcome(null, BindingsErrors.Invoke(binding, BindingsErrors.OperationMissing));
        if (components.Find<IOutputBinding>(binding) is not { } driver)
            return new InvokeOutcome(null, BindingsErrors.NotFound(binding));
        if (!driver.Operations.Contains(request.Operation))
            return new InvokeOutcome(null, BindingsErrors.UnknownOperation(binding, request.Operation, driver.Operations));
        try
        {
            var reply = await policies.Component(binding, ComponentBlocks.Binding, FlowDirection.Outbound).CallAsync(
                request.Operation, binding, (driver, request), static (call, token) => call.driver.InvokeAsync(call.request, token), cancellationToken, Judge).ConfigureAwait(false);
            return new InvokeOutcome(reply, reply?.Failure is { } failure ? BindingsErrors.Invoke(binding, failure) : null);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            logger.InvokeFailed(binding, request.Operation, failure);
            return new InvokeOutcome(null, BindingsErrors.Invoke(binding, failure.Message));
        }
    }

    private static CallFailure? Judge(BindingReply? reply) => reply?.Failure is { } failure ? new CallFailure(failure) : null;
}
