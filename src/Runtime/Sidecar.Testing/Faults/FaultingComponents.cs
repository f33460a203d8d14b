using Sidecar.Components;
using Sidecar.Components.Bindings;
using Sidecar.Components.PubSub;
using Sidecar.Components.Secrets;
using Sidecar.Components.State;

namespace Sidecar.Testing.Faults;

/// <summary>Puts the wires of a sidecar before every component that it loads.</summary>
internal static class FaultingComponents
{
    public static ComponentCatalog Wrap(ComponentCatalog catalog, SidecarWires wires) =>
        new(catalog.Types.Select(type => type with { Create = () => Wrap(type.Create(), wires) }));

    public static IComponent Wrap(IComponent component, SidecarWires wires) => component switch
    {
        IStateStore store => new FaultingStateStore(store, wires),
        IPubSub and IBulkPublisher => new FaultingBulkPubSub((IPubSub)component, wires),
        IPubSub broker => new FaultingPubSub(broker, wires),
        ISecretStore secrets => new FaultingSecretStore(secrets, wires),
        IInputBinding and IOutputBinding => new FaultingBinding(component, wires),
        IInputBinding binding => new FaultingInputBinding(binding, wires),
        IOutputBinding binding => new FaultingOutputBinding(binding, wires),
        _ => component,
    };
}

/// <summary>Knows its name once it is started.</summary>
internal abstract class FaultingComponent(IComponent inner, SidecarWires wires) : IComponent
{
    private string _name = "";

    protected SidecarWires Wires => wires;

    public Task InitAsync(ComponentContext context, CancellationToken cancellationToken)
    {
        _name = context.Name;
        return inner.InitAsync(context, cancellationToken);
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    protected ValueTask<T> CallAsync<T>(string operation, string? target, Func<CancellationToken, ValueTask<T>> call, CancellationToken cancellationToken) =>
        wires.CallAsync(_name, operation, target, call, cancellationToken);
}

internal sealed class FaultingStateStore(IStateStore inner, SidecarWires wires) : FaultingComponent(inner, wires), IStateStore
{
    public StateFeatures Features => inner.Features;

    public int? MaxOperationsPerTransaction => inner.MaxOperationsPerTransaction;

    public ValueTask<StateItem?> GetAsync(string key, StateReadOptions options, CancellationToken cancellationToken) =>
        CallAsync("get", key, token => inner.GetAsync(key, options, token), cancellationToken);

    public ValueTask<StateResult> SetAsync(StateUpsert upsert, CancellationToken cancellationToken) =>
        CallAsync("set", upsert.Key, token => inner.SetAsync(upsert, token), cancellationToken);

    public ValueTask<StateResult> DeleteAsync(StateDelete delete, CancellationToken cancellationToken) =>
        CallAsync("delete", delete.Key, token => inner.DeleteAsync(delete, token), cancellationToken);

    public ValueTask<StateResult> TransactAsync(IReadOnlyList<StateOperation> operations, CancellationToken cancellationToken) =>
        CallAsync("transaction", null, token => inner.TransactAsync(operations, token), cancellationToken);
}

internal class FaultingPubSub(IPubSub inner, SidecarWires wires) : FaultingComponent(inner, wires), IPubSub
{
    public PubSubFeatures Features => inner.Features;

    public async ValueTask PublishAsync(PubSubMessage message, CancellationToken cancellationToken) => await CallAsync(
        "publish",
        message.Topic,
        async token =>
        {
            await inner.PublishAsync(message, token).ConfigureAwait(false);
            return true;
        },
        cancellationToken).ConfigureAwait(false);

    public async Task<IAsyncDisposable> SubscribeAsync(PubSubSubscription subscription, PubSubHandler handler, CancellationToken cancellationToken) => await CallAsync(
        "subscribe",
        subscription.Topic,
        async token => await inner.SubscribeAsync(subscription, Guarded(handler), token).ConfigureAwait(false),
        cancellationToken).ConfigureAwait(false);

    // What a crashed sidecar would still acknowledge, the broker does not hear.
    private PubSubHandler Guarded(PubSubHandler handler) => async (message, token) =>
    {
        if (Wires.IsCut)
            return Delivery.Nack;
        var answer = await handler(message, token).ConfigureAwait(false);
        return Wires.IsCut ? Delivery.Nack : answer;
    };
}

/// <summary>For drivers that take several messages at once.</summary>
internal sealed class FaultingBulkPubSub(IPubSub inner, SidecarWires wires) : FaultingPubSub(inner, wires), IBulkPublisher
{
    private readonly IBulkPublisher _bulk = (IBulkPublisher)inner;

    public ValueTask<IReadOnlyList<UnpublishedMessage>> PublishAsync(IReadOnlyList<PubSubMessage> messages, CancellationToken cancellationToken) =>
        CallAsync("bulkPublish", messages.FirstOrDefault()?.Topic, token => _bulk.PublishAsync(messages, token), cancellationToken);
}

internal sealed class FaultingSecretStore(ISecretStore inner, SidecarWires wires) : FaultingComponent(inner, wires), ISecretStore
{
    public bool HoldsSeveralValues => inner.HoldsSeveralValues;

    public ValueTask<IReadOnlyDictionary<string, string>?> GetAsync(string name, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken) =>
        CallAsync("getSecret", name, token => inner.GetAsync(name, metadata, token), cancellationToken);

    public ValueTask<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken) =>
        CallAsync("bulkGetSecret", null, token => inner.GetAllAsync(metadata, token), cancellationToken);
}

internal class FaultingInputBinding(IInputBinding inner, SidecarWires wires) : FaultingComponent(inner, wires), IInputBinding
{
    public async Task<IAsyncDisposable> ReadAsync(BindingHandler handler, CancellationToken cancellationToken) => await CallAsync(
        "read",
        null,
        async token => await inner.ReadAsync(Guarded(handler), token).ConfigureAwait(false),
        cancellationToken).ConfigureAwait(false);

    // What a crashed sidecar would still settle, the binding does not hear.
    private BindingHandler Guarded(BindingHandler handler) => async (bindingEvent, token) =>
    {
        if (Wires.IsCut)
            return default;
        var outcome = await handler(bindingEvent, token).ConfigureAwait(false);
        return Wires.IsCut ? default : outcome;
    };
}

/// <summary>For drivers that go both ways.</summary>
internal sealed class FaultingBinding(IComponent inner, SidecarWires wires) : FaultingInputBinding((IInputBinding)inner, wires), IOutputBinding
{
    private readonly IOutputBinding _output = (IOutputBinding)inner;

    public IReadOnlyList<string> Operations => _output.Operations;

    public ValueTask<BindingReply?> InvokeAsync(BindingRequest request, CancellationToken cancellationToken) =>
        CallAsync(request.Operation, null, token => _output.InvokeAsync(request, token), cancellationToken);
}

internal sealed class FaultingOutputBinding(IOutputBinding inner, SidecarWires wires) : FaultingComponent(inner, wires), IOutputBinding
{
    public IReadOnlyList<string> Operations => inner.Operations;

    public ValueTask<BindingReply?> InvokeAsync(BindingRequest request, CancellationToken cancellationToken) =>
        CallAsync(request.Operation, null, token => inner.InvokeAsync(request, token), cancellationToken);
}
