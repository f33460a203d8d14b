using Sidecar.Components;
using Sidecar.Components.Bindings;
using Sidecar.Components.PubSub;
using Sidecar.Components.Secrets;
using Sidecar.Components.State;

namespace Sidecar.Runtime.Faults;

/// <summary>What goes in and out of a sidecar's components, for those who make it go wrong on purpose.</summary>
internal interface IComponentWires
{
    /// <summary>Makes a call to a component, or lets it fail.</summary>
    /// <param name="target">Key, topic or secret; null = several.</param>
    ValueTask<T> CallAsync<T>(string component, string operation, string? target, Func<CancellationToken, ValueTask<T>> call, CancellationToken cancellationToken);

    /// <summary>What a broker's messages go through on their way to the sidecar.</summary>
    PubSubHandler Guard(string component, string topic, PubSubHandler handler);

    /// <summary>The same for events of an input binding.</summary>
    BindingHandler Guard(string component, BindingHandler handler);
}

/// <summary>Puts wires before every component that a sidecar loads.</summary>
internal static class WiredComponents
{
    public static ComponentCatalog Wrap(ComponentCatalog catalog, IComponentWires wires) =>
        new(catalog.Types.Select(type => type with { Create = () => Wrap(type.Create(), wires) }));

    public static IComponent Wrap(IComponent component, IComponentWires wires) => component switch
    {
        IStateStore store => new WiredStateStore(store, wires),
        IPubSub and IBulkPublisher => new WiredBulkPubSub((IPubSub)component, wires),
        IPubSub broker => new WiredPubSub(broker, wires),
        ISecretStore secrets => new WiredSecretStore(secrets, wires),
        IInputBinding and IOutputBinding => new WiredBinding(component, wires),
        IInputBinding binding => new WiredInputBinding(binding, wires),
        IOutputBinding binding => new WiredOutputBinding(binding, wires),
        _ => component,
    };
}

/// <summary>Knows its name once it is started.</summary>
internal abstract class WiredComponent(IComponent inner, IComponentWires wires) : IComponent
{
    protected IComponentWires Wires => wires;

    protected string Name { get; private set; } = "";

    public Task InitAsync(ComponentContext context, CancellationToken cancellationToken)
    {
        Name = context.Name;
        return inner.InitAsync(context, cancellationToken);
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    protected ValueTask<T> CallAsync<T>(string operation, string? target, Func<CancellationToken, ValueTask<T>> call, CancellationToken cancellationToken) =>
        wires.CallAsync(Name, operation, target, call, cancellationToken);
}

internal sealed class WiredStateStore(IStateStore inner, IComponentWires wires) : WiredComponent(inner, wires), IStateStore
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

internal class WiredPubSub(IPubSub inner, IComponentWires wires) : WiredComponent(inner, wires), IPubSub
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
        async token => await inner.SubscribeAsync(subscription, Wires.Guard(Name, subscription.Topic, handler), token).ConfigureAwait(false),
        cancellationToken).ConfigureAwait(false);
}

/// <summary>For drivers that take several messages at once.</summary>
internal sealed class WiredBulkPubSub(IPubSub inner, IComponentWires wires) : WiredPubSub(inner, wires), IBulkPublisher
{
    private readonly IBulkPublisher _bulk = (IBulkPublisher)inner;

    public ValueTask<IReadOnlyList<UnpublishedMessage>> PublishAsync(IReadOnlyList<PubSubMessage> messages, CancellationToken cancellationToken) =>
        CallAsync("bulkPublish", messages.FirstOrDefault()?.Topic, token => _bulk.PublishAsync(messages, token), cancellationToken);
}

internal sealed class WiredSecretStore(ISecretStore inner, IComponentWires wires) : WiredComponent(inner, wires), ISecretStore
{
    public bool HoldsSeveralValues => inner.HoldsSeveralValues;

    public ValueTask<IReadOnlyDictionary<string, string>?> GetAsync(string name, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken) =>
        CallAsync("getSecret", name, token => inner.GetAsync(name, metadata, token), cancellationToken);

    public ValueTask<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken) =>
        CallAsync("bulkGetSecret", null, token => inner.GetAllAsync(metadata, token), cancellationToken);
}

internal class WiredInputBinding(IInputBinding inner, IComponentWires wires) : WiredComponent(inner, wires), IInputBinding
{
    public async Task<IAsyncDisposable> ReadAsync(BindingHandler handler, CancellationToken cancellationToken) => await CallAsync(
        "read",
        null,
        async token => await inner.ReadAsync(Wires.Guard(Name, handler), token).ConfigureAwait(false),
        cancellationToken).ConfigureAwait(false);
}

/// <summary>For drivers that go both ways.</summary>
internal sealed class WiredBinding(IComponent inner, IComponentWires wires) : WiredInputBinding((IInputBinding)inner, wires), IOutputBinding
{
    private readonly IOutputBinding _output = (IOutputBinding)inner;

    public IReadOnlyList<string> Operations => _output.Operations;

    public ValueTask<BindingReply?> InvokeAsync(BindingRequest request, CancellationToken cancellationToken) =>
        CallAsync(request.Operation, null, token => _output.InvokeAsync(request, token), cancellationToken);
}

internal sealed class WiredOutputBinding(IOutputBinding inner, IComponentWires wires) : WiredComponent(inner, wires), IOutputBinding
{
    public IReadOnlyList<string> Operations => inner.Operations;

    public ValueTask<BindingReply?> InvokeAsync(BindingRequest request, CancellationToken cancellationToken) =>
        CallAsync(request.Operation, null, token => inner.InvokeAsync(request, token), cancellationToken);
}
