namespace Sidecar.Runtime.Resources;

/// <summary>Where a document came from, for messages: file and 1-based line of its first key.</summary>
public sealed record ResourceOrigin(string File, int Line)
{
    public override string ToString() => $"{File}:{Line}";
}

/// <summary>Something wrong in a file or folder.</summary>
/// <param name="Line">1-based; 0 = the file or folder as a whole.</param>
/// <param name="Field">A path such as <c>spec.metadata[2].name</c>; empty = the document as a whole.</param>
public sealed record ResourceProblem(string File, int Line, string Field, string Message, bool IsWarning = false)
{
    public override string ToString() =>
        $"{File}{(Line > 0 ? $":{Line}" : "")}: {(Field.Length > 0 ? $"{Field}: " : "")}{Message}";
}

/// <summary>One entry of a Component's <c>spec.metadata</c>: exactly one of value, secretKeyRef, envRef.</summary>
public sealed record ComponentMetadataItem(string Name, string? Value, SecretKeyRef? SecretKeyRef, string? EnvRef);

public sealed record SecretKeyRef(string Name, string Key);

/// <summary>What every kind of resource has.</summary>
public abstract record Resource(ResourceOrigin Origin, string Name)
{
    public string? Namespace { get; init; }

    /// <summary>App ids that get it; empty = all.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>
    /// The whole document in one spelling, whatever its place, order, comments and quotes: two resources of one text are the
    /// same. Empty when it was not read from a file.
    /// </summary>
    public string Definition { get; init; } = "";

    internal ResourceKind? Kind { get; init; }
}

/// <summary><c>kind: Component</c> (contract section 4.2).</summary>
public sealed record ComponentResource(ResourceOrigin Origin, string Name, string Type) : Resource(Origin, Name)
{
    /// <summary>As written; empty means v1.</summary>
    public string Version { get; init; } = "";

    public bool IgnoreErrors { get; init; }

    public TimeSpan InitTimeout { get; init; } = TimeSpan.FromSeconds(5);

    public IReadOnlyList<ComponentMetadataItem> Metadata { get; init; } = [];

    /// <summary><c>auth.secretStore</c>.</summary>
    public string? SecretStore { get; init; }

    public bool IsSecretStore => Type.StartsWith("secretstores.", StringComparison.OrdinalIgnoreCase);

    /// <summary>The secret store that must be loaded before this component; null = none.</summary>
    public string? NeededSecretStore => Metadata.Any(item => item.SecretKeyRef is not null) ? SecretStore : null;

    /// <summary>1-based line of <c>spec.type</c>, for messages.</summary>
    public int SpecLine { get; init; } = Origin.Line;

    /// <summary>1-based lines of <see cref="Metadata"/>; empty when they are unknown.</summary>
    public IReadOnlyList<int> MetadataLines { get; init; } = [];

    public int LineOfMetadata(int index) => index < MetadataLines.Count ? MetadataLines[index] : Origin.Line;
}

/// <summary><c>kind: Subscription</c>, v1alpha1 and v2alpha1 in one shape (contract section 4.5).</summary>
public sealed record SubscriptionResource(ResourceOrigin Origin, string Name, string PubsubName, string Topic) : Resource(Origin, Name)
{
    /// <summary>Tried in order.</summary>
    public IReadOnlyList<RouteRule> Rules { get; init; } = [];

    /// <summary>Path when no rule matches; null = none.</summary>
    public string? DefaultRoute { get; init; }

    public string? DeadLetterTopic { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Null = messages are delivered one by one.</summary>
    public BulkSubscribe? BulkSubscribe { get; init; }
}

/// <summary><c>bulkSubscribe</c> of a subscription that has it enabled: messages go to the app in batches.</summary>
/// <param name="MaxMessagesCount">A batch has at most so many.</param>
/// <param name="MaxAwaitDurationMs">The first message of a batch waits at most so long (ms) for the others.</param>
public sealed record BulkSubscribe(int MaxMessagesCount, int MaxAwaitDurationMs)
{
    private const int DefaultCount = 100;
    private const int DefaultAwaitMs = 1000;

    /// <summary>Null when it is not enabled; a number that is absent or not positive means the default, as in Dapr.</summary>
    public static BulkSubscribe? From(bool enabled, int? maxMessagesCount, int? maxAwaitDurationMs) => enabled
        ? new BulkSubscribe(maxMessagesCount is > 0 and { } count ? count : DefaultCount, maxAwaitDurationMs is > 0 and { } await ? await : DefaultAwaitMs)
        : null;
}

/// <param name="Match">CEL text; empty matches everything.</param>
public sealed record RouteRule(string Match, string Path);

/// <summary><c>kind: Configuration</c>, the part that is acted upon; what is read but not acted upon is a warning of the loader.</summary>
public sealed record ConfigurationResource
{
    public IReadOnlyList<SecretScope> SecretScopes { get; init; } = [];

    /// <summary><c>features</c>: name → enabled.</summary>
    public IReadOnlyDictionary<string, bool> Features { get; init; } = new Dictionary<string, bool>();

    /// <summary>Component types (<c>type</c> or <c>type/version</c>) that must not load.</summary>
    public IReadOnlyList<string> DeniedComponents { get; init; } = [];

    /// <summary><c>nameResolution</c>; null = not given.</summary>
    public NameResolutionSettings? NameResolution { get; init; }

    /// <summary><c>logging.apiLogging</c>.</summary>
    public ApiLoggingSettings ApiLogging { get; init; } = new(false, false, false);

    /// <summary><c>httpPipeline.handlers</c>: middleware before the HTTP API, in this order.</summary>
    public IReadOnlyList<PipelineHandler> HttpPipeline { get; init; } = [];

    /// <summary><c>appHttpPipeline.handlers</c>: middleware before the app.</summary>
    public IReadOnlyList<PipelineHandler> AppHttpPipeline { get; init; } = [];

    /// <summary><c>api</c>; null = the whole API is served.</summary>
    public ApiAccessSettings? Api { get; init; }

    /// <summary><c>accessControl</c>.</summary>
    public AccessControlSettings AccessControl { get; init; } = AccessControlSettings.AllowAll;

    /// <summary>Every part of <c>spec</c>, acted upon or not: name → content in one spelling, as <see cref="Resource.Definition"/>.</summary>
    public IReadOnlyDictionary<string, string> Parts { get; init; } = new Dictionary<string, string>();

    /// <summary>Feature <c>HotReload</c>, on unless switched off.</summary>
    public bool HotReload => Features.GetValueOrDefault("HotReload", true);

    /// <summary>Whether the deny list keeps this component out; with such a list one without a version is out too.</summary>
    public bool Denies(ComponentResource component) => DeniedComponents.Count > 0 &&
        (component.Version.Length == 0 ||
            DeniedComponents.Contains(component.Type, StringComparer.OrdinalIgnoreCase) ||
            DeniedComponents.Contains($"{component.Type}/{component.Version}", StringComparer.OrdinalIgnoreCase));

    /// <summary>Names of documents that were read, in order.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];
}

public sealed record SecretScope(string StoreName, bool AllowByDefault, IReadOnlyList<string> AllowedSecrets, IReadOnlyList<string> DeniedSecrets);

/// <param name="Component">Lower case; empty = the default.</param>
/// <param name="Configuration">Fields of the components that this runtime has; else empty.</param>
public sealed record NameResolutionSettings(ResourceOrigin Origin, string Component, IReadOnlyDictionary<string, string> Configuration);

/// <summary>Parts of the API that are served, or are not.</summary>
public sealed record ApiAccessSettings(IReadOnlyList<ApiRule> Allowed, IReadOnlyList<ApiRule> Denied);

/// <param name="Name">Of a part: <c>state</c>, <c>publish</c>.</param>
/// <param name="Version"><c>v1</c>, <c>v1alpha1</c>, or as paths have it: <c>v1.0</c>, <c>v1.0-alpha1</c>.</param>
public sealed record ApiRule(string Name, string Version, bool IsGrpc);

/// <summary>A component of a pipeline.</summary>
/// <param name="Type">That it must have, such as <c>middleware.http.bearer</c>.</param>
public sealed record PipelineHandler(string Name, string Type);

/// <param name="ObfuscateUrls">Lines name routes in place of URLs.</param>
public sealed record ApiLoggingSettings(bool Enabled, bool ObfuscateUrls, bool OmitHealthChecks);

/// <summary>What the resource folders and configuration files of one sidecar hold, after namespace and scope rules.</summary>
public sealed record ResourceSet
{
    public IReadOnlyList<ComponentResource> Components { get; init; } = [];

    public IReadOnlyList<SubscriptionResource> Subscriptions { get; init; } = [];

    public IReadOnlyList<HttpEndpointResource> HttpEndpoints { get; init; } = [];

    public IReadOnlyList<ResiliencyResource> Resiliencies { get; init; } = [];

    public ConfigurationResource Configuration { get; init; } = new();

    /// <summary>The components that are to run: those that the Configuration does not deny.</summary>
    public IEnumerable<ComponentResource> AllowedComponents => Components.Where(component => !Configuration.Denies(component));

    /// <summary>All of the resource folders, kind by kind, each kind in file order.</summary>
    public IEnumerable<Resource> All => [.. Components, .. Subscriptions, .. HttpEndpoints, .. Resiliencies];

    /// <summary>Problems that did not stop the load: skipped documents, settings without effect.</summary>
    public IReadOnlyList<ResourceProblem> Problems { get; init; } = [];
}
