using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Sidecar.Components;
using Sidecar.Components.Bindings;
using Sidecar.Components.PubSub;
using Sidecar.Components.Secrets;
using Sidecar.Components.State;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Metadata;

/// <summary>What the sidecar tells of itself (contract 2.17). Empty lists and texts are left out, as the contract says.</summary>
internal sealed class MetadataEngine(SidecarOptions options, ComponentRegistry components, LiveResources resources, AppRestarts restarts, IEnumerable<IMetadataContributor> contributors)
{
    private readonly ConcurrentDictionary<string, string> _extended = new(
        options.ExtendedMetadata.Append(KeyValuePair.Create("daprRuntimeVersion", RuntimeVersion.Dapr)), StringComparer.Ordinal);

    /// <summary>On in Dapr 1.18 unless a Configuration says otherwise, as far as this runtime has them.</summary>
    private static readonly string[] FeaturesOnByDefault = ["HotReload"];

    public void Set(string name, string value)
    {
        _extended[name] = value;
        if (name == AppRestarts.NumberField)
            restarts.AppIs(value);
    }

    public JsonObject Read()
    {
        var metadata = new JsonObject { ["id"] = options.AppId, ["runtimeVersion"] = RuntimeVersion.Dapr };
        var features = EnabledFeatures().ToArray();
        if (features.Length > 0)
            metadata["enabledFeatures"] = new JsonArray([.. features.Select(name => (JsonNode)name)]);
        if (components.All.Count > 0)
            metadata["components"] = new JsonArray([.. components.All.Select(Describe)]);
        metadata["extended"] = new JsonObject(_extended.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
        foreach (var contributor in contributors)
            contributor.Contribute(metadata);
        if (options.HasApp)
            metadata["appConnectionProperties"] = DescribeApp();
        metadata["actorRuntime"] = new JsonObject
        {
            ["runtimeStatus"] = "DISABLED",
            ["hostReady"] = false,
            ["placement"] = "placement: disconnected",
        };
        if (resources.Current.Resiliencies is { Count: > 0 } resiliencies)
            metadata["resiliencies"] = new JsonArray([.. resiliencies.Select(resiliency => new JsonObject { ["name"] = resiliency.Name })]);
        return metadata;
    }

    private IEnumerable<string> EnabledFeatures()
    {
        var given = resources.Current.Configuration.Features;
        return FeaturesOnByDefault.Where(name => given.GetValueOrDefault(name, true)).Union(given.Where(feature => feature.Value).Select(feature => feature.Key));
    }

    private JsonObject DescribeApp()
    {
        var app = new JsonObject
        {
            ["port"] = options.AppPort,
            ["protocol"] = options.AppProtocol.ToLower(CultureInfo.InvariantCulture),
            ["channelAddress"] = options.AppChannelAddress,
        };
        if (options.AppMaxConcurrency > 0)
            app["maxConcurrency"] = options.AppMaxConcurrency;
        if (options.AppHealth is { } health)
        {
            app["health"] = new JsonObject
            {
                ["healthCheckPath"] = health.Path,
                ["healthProbeInterval"] = GoText.Duration(health.Interval),
                ["healthProbeTimeout"] = GoText.Duration(health.Timeout),
                ["healthThreshold"] = health.Threshold,
            };
        }

        return app;
    }

    private static JsonObject Describe(LoadedComponent loaded)
    {
        var component = new JsonObject
        {
            ["name"] = loaded.Name,
            ["type"] = loaded.Resource.Type,
            ["version"] = loaded.Type.Version,
        };
        var capabilities = Capabilities(loaded.Component).ToArray();
        if (capabilities.Length > 0)
            component["capabilities"] = new JsonArray([.. capabilities.Select(name => (JsonNode)name)]);
        return component;
    }

    private static IEnumerable<string> Capabilities(IComponent component) => component switch
    {
        IStateStore store => State(store.Features),
        IPubSub pubsub => PubSub(pubsub.Features),
        ISecretStore { HoldsSeveralValues: true } => ["MULTIPLE_KEY_VALUES_PER_SECRET"],
        IInputBinding or IOutputBinding => Binding(component),
        _ => [],
    };

    private static IEnumerable<string> State(StateFeatures features)
    {
        if (features.HasFlag(StateFeatures.ETag))
            yield return "ETAG";
        if (features.HasFlag(StateFeatures.Transactional))
            yield return "TRANSACTIONAL";
        if (features.HasFlag(StateFeatures.Ttl))
            yield return "TTL";
        if (features.HasFlag(StateFeatures.DeleteWithPrefix))
            yield return "DELETE_WITH_PREFIX";
        if (features.HasFlag(StateFeatures.KeysLike))
            yield return "KEYS_LIKE";
        if (features.HasFlag(StateFeatures.ETag | StateFeatures.Transactional))
            yield return "ACTOR";
    }

    private static IEnumerable<string> Binding(IComponent component)
    {
        if (component is IInputBinding)
            yield return "INPUT_BINDING";
        if (component is IOutputBinding)
            yield return "OUTPUT_BINDING";
    }

    private static IEnumerable<string> PubSub(PubSubFeatures features)
    {
        if (features.HasFlag(PubSubFeatures.MessageTtl))
            yield return "MESSAGE_TTL";
        if (features.HasFlag(PubSubFeatures.SubscribeWildcards))
            yield return "SUBSCRIBE_WILDCARDS";
        if (features.HasFlag(PubSubFeatures.BulkPubSub))
            yield return "BULK_PUBSUB";
    }
}
