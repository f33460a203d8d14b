using System.Runtime.CompilerServices;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.PubSub;

/// <summary>A pubsub component with the rules that its metadata sets for this app.</summary>
/// <param name="TopicPrefix">Goes before every topic name on the broker and is hidden from the app; mostly empty.</param>
internal sealed record Broker(LoadedComponent Source, IPubSub Driver, TopicPermissions Permissions, string TopicPrefix)
{
    public string Name => Source.Name;

    public string OnBroker(string topic) => TopicPrefix.Length == 0 ? topic : TopicPrefix + topic;

    public string ToApp(string onBroker) => onBroker.StartsWith(TopicPrefix, StringComparison.Ordinal) ? onBroker[TopicPrefix.Length..] : onBroker;
}

/// <summary>The pubsub components by name, each with its rules read once.</summary>
internal sealed class Brokers(ComponentRegistry components, SidecarOptions options)
{
    private const string NamespaceTemplate = "{namespace}";

    // By the component itself: one that a reload has taken away takes its entry along.
    private readonly ConditionalWeakTable<LoadedComponent, Broker> _known = [];

    public bool Any => components.HasAny<IPubSub>();

    public Broker? Find(string name) => components.Find(name) is { Component: IPubSub } source ? _known.GetValue(source, Read) : null;

    private Broker Read(LoadedComponent source) =>
        new(source, (IPubSub)source.Component, TopicPermissions.Read(source.Metadata, options.AppId), PrefixOf(source));

    // A component that names its namespace anywhere shares a broker with the same app of other namespaces.
    private string PrefixOf(LoadedComponent source) =>
        source.Resource.Metadata.Any(item => item.Value?.Contains(NamespaceTemplate, StringComparison.Ordinal) == true)
            ? options.OwnNamespace
            : "";
}
