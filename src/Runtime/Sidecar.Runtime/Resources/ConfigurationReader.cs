using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources;

/// <summary><c>kind: Configuration</c>: the parts that are acted upon, and a warning for each other part.</summary>
internal static class ConfigurationReader
{
    private const string SqliteNames = "sqlite";

    private static readonly string[] Features =
    [
        "HotReload", "WorkflowsRemoteActivityReminder", "ActorStateTTL", "WorkflowsClusteredDeployment", "WorkflowHistorySigning", "WorkflowsFastPath",
    ];

    /// <summary>The values of this file over those of the files before: a list that it gives replaces the earlier one.</summary>
    /// <param name="warned">Parts without effect that an earlier file was warned about.</param>
    public static ConfigurationResource Merge(ConfigurationResource before, YamlFields fields, HashSet<string> warned)
    {
        var name = fields.Object("metadata")?.Text("name");
        var merged = before with { Names = string.IsNullOrEmpty(name) ? before.Names : [.. before.Names, name] };
        if (fields.Object("spec") is { } spec)
        {
            merged = merged with
            {
                SecretScopes = Scopes(spec) ?? before.SecretScopes,
                Features = FeatureFlags(spec) ?? before.Features,
                DeniedComponents = Denied(spec) ?? before.DeniedComponents,
                NameResolution = NameResolution(spec) ?? before.NameResolution,
                ApiLogging = ApiLogging(spec) ?? before.ApiLogging,
                HttpPipeline = Pipeline(spec, "httpPipeline") ?? before.HttpPipeline,
                AppHttpPipeline = Pipeline(spec, "appHttpPipeline") ?? before.AppHttpPipeline,
                Api = Api(spec) ?? before.Api,
                AccessControl = AccessControlReader.Read(spec) ?? before.AccessControl,
            };
            foreach (var (part, shape) in KnownShapes.ConfigurationParts)
            {
                if (spec.Object(part) is not { } given)
                    continue;
                shape.Check(given);
                if (warned.Add(part))
                    spec.Problems.Warning(spec.LineOf(part), spec.PathOf(part), "has no effect in this runtime yet");
            }

            spec.RefuseUnknown();
            // Not before that check: what has been asked for counts as known.
            merged = merged with { Parts = Parts(before.Parts, spec) };
        }

        fields.RefuseUnknown();
        return merged;
    }

    private static List<SecretScope>? Scopes(YamlFields spec)
    {
        if (spec.Object("secrets") is not { } secrets)
            return null;
        List<SecretScope>? scopes = secrets.Node("scopes") is null ? null : [];
        foreach (var item in secrets.Objects("scopes"))
        {
            var scope = new SecretScope(
                item.RequiredText("storeName"),
                item.ChoiceOfAnyCase("defaultAccess", "allow", "deny") != "deny",
                item.Texts("allowedSecrets"),
                item.Texts("deniedSecrets"));
            if (scopes!.Any(other => other.StoreName == scope.StoreName))
                item.Problems.Error(item.LineOf("storeName"), item.PathOf("storeName"), $"store '{scope.StoreName}' has a scope already; put its rules in one");
            scopes!.Add(scope);
            item.RefuseUnknown();
        }

        secrets.RefuseUnknown();
        return scopes;
    }

    private static Dictionary<string, bool>? FeatureFlags(YamlFields spec)
    {
        if (spec.Node("features") is null)
            return null;
        var flags = new Dictionary<string, bool>(StringComparer.Ordinal);
        foreach (var item in spec.Objects("features"))
        {
            var name = item.RequiredText("name");
            flags[name] = item.Flag("enabled");
            item.RefuseUnknown();
            if (name.Length > 0 && !Features.Contains(name, StringComparer.Ordinal))
                item.Problems.Warning(item.LineOf("name"), item.PathOf("name"), $"unknown feature '{name}'{Spelling.Hint(name, Features)}");
        }

        return flags;
    }

    private static Dictionary<string, string> Parts(IReadOnlyDictionary<string, string> before, YamlFields spec)
    {
        var parts = before.ToDictionary(StringComparer.Ordinal);
        foreach (var name in spec.Names)
        {
            if (spec.Node(name) is { } part)
                parts[name] = YamlText.Of(part);
        }

        return parts;
    }

    private static IReadOnlyList<string>? Denied(YamlFields spec)
    {
        if (spec.Object("components") is not { } components)
            return null;
        var denied = components.Node("deny") is null ? null : components.Texts("deny");
        components.RefuseUnknown();
        return denied;
    }

    private static NameResolutionSettings? NameResolution(YamlFields spec)
    {
        if (spec.Object("nameResolution") is not { } given)
            return null;
        var component = (given.Text("component") ?? "").ToLowerInvariant();
        given.Allow("version", "configuration");
        var settings = new NameResolutionSettings(
            new ResourceOrigin(given.Problems.File, given.Line), component, component == SqliteNames ? given.TextMap("configuration") : new Dictionary<string, string>());
        if (component is not ("" or SqliteNames))
            given.Problems.Warning(given.LineOf("component"), given.PathOf("component"), $"'{component}' is not in this runtime; sidecars of this machine find each other in its own registry, '{SqliteNames}' shares one by file");
        given.RefuseUnknown();
        return settings;
    }

    private static ApiAccessSettings? Api(YamlFields spec)
    {
        if (spec.Object("api") is not { } api)
            return null;
        var settings = new ApiAccessSettings(Rules(api, "allowed"), Rules(api, "denied"));
        api.RefuseUnknown();
        return settings;

        static List<ApiRule> Rules(YamlFields api, string name)
        {
            var rules = new List<ApiRule>();
            foreach (var item in api.Objects(name))
            {
                var rule = new ApiRule(item.RequiredText("name"), item.Text("version") is { Length: > 0 } version ? version : "v1", item.ChoiceOfAnyCase("protocol", "http", "grpc") is { } protocol && protocol.Equals("grpc", StringComparison.OrdinalIgnoreCase));
                if (!item.Has("protocol"))
                    item.Problems.Error(item.Line, item.PathOf("protocol"), "expected http or grpc");
                rules.Add(rule);
                item.RefuseUnknown();
            }

            return rules;
        }
    }

    private static List<PipelineHandler>? Pipeline(YamlFields spec, string name)
    {
        if (spec.Object(name) is not { } given)
            return null;
        var handlers = new List<PipelineHandler>();
        foreach (var item in given.Objects("handlers"))
        {
            handlers.Add(new PipelineHandler(item.RequiredText("name"), item.RequiredText("type")));
            item.Allow("version");
            item.RefuseUnknown();
        }

        given.RefuseUnknown();
        return handlers;
    }

    private static ApiLoggingSettings? ApiLogging(YamlFields spec)
    {
        if (spec.Object("logging") is not { } logging)
            return null;
        var api = logging.Object("apiLogging");
        var settings = api is null ? null : new ApiLoggingSettings(api.Flag("enabled"), api.Flag("obfuscateURLs"), api.Flag("omitHealthChecks"));
        api?.RefuseUnknown();
        logging.RefuseUnknown();
        return settings;
    }
}
