using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources;

/// <summary>One reading of the resource folders, in file order.</summary>
internal sealed class ResourceFolders
{
    private readonly ResourceLoadOptions _options;
    private readonly List<ResourceProblem> _problems = [];
    private readonly List<ComponentResource> _components = [];
    private readonly List<SubscriptionResource> _subscriptions = [];
    private readonly List<HttpEndpointResource> _httpEndpoints = [];
    private readonly Dictionary<(ResourceKind Kind, string Name), ResourceOrigin> _names = [];
    private readonly HashSet<ResourceKind> _withoutEffect = [];

    private ResourceFolders(ResourceLoadOptions options) => _options = options;

    public IReadOnlyList<ComponentResource> Components => _components;

    public IReadOnlyList<SubscriptionResource> Subscriptions => _subscriptions;

    public IReadOnlyList<HttpEndpointResource> HttpEndpoints => _httpEndpoints;

    public IReadOnlyList<ResourceProblem> Problems => _problems;

    public static ResourceFolders Load(ResourceLoadOptions options)
    {
        var folders = new ResourceFolders(options);
        foreach (var path in options.ResourcesPaths.Where(path => path.Length > 0).Select(Path.GetFullPath).Distinct(StringComparer.Ordinal))
            folders.ReadFolder(path);
        return folders;
    }

    private void ReadFolder(string folder)
    {
        string[] files;
        try
        {
            files = Directory.GetFiles(folder);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            var reason = Directory.Exists(folder) ? failure.Message : File.Exists(folder) ? "is a file" : "does not exist";
            _problems.Add(new ResourceProblem(folder, 0, "", $"expected a folder of resource files: {reason}"));
            return;
        }

        foreach (var file in files.Order(StringComparer.Ordinal))
        {
            if (file.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase) || file.EndsWith(".yml", StringComparison.OrdinalIgnoreCase))
                ReadFile(file);
            else if (!_options.Strict || LooksLikeYaml(file))
                _problems.Add(new ResourceProblem(file, 0, "", "not loaded: its name does not end in .yaml or .yml", IsWarning: true));
        }
    }

    /// <summary>daprd warns of every other file. Before a run that would only be noise about a JSON file of secrets, but a slip is worth a line.</summary>
    private static bool LooksLikeYaml(string file) => Spelling.Nearest(Path.GetExtension(file).TrimStart('.'), ["yaml", "yml"]) is not null;

    private void ReadFile(string file)
    {
        foreach (var document in YamlReader.ReadFile(file))
        {
            var problems = new DocumentProblems(file, _options.Strict, anyCase: true);
            var resource = Read(document, problems);
            _problems.AddRange(_options.Strict ? problems.All : Softened(problems));
            if (resource is not null && !problems.HasErrors)
                Keep(resource);
        }
    }

    private object? Read(YamlDocument document, DocumentProblems problems)
    {
        switch (document.Root)
        {
            case null:
                problems.Error(document.Line, "", document.Error ?? "");
                return null;
            case not YamlMap:
                problems.Error(document.Line, "", $"expected a resource with apiVersion, kind, metadata and spec, found {document.Root.Describe()}");
                return null;
            case YamlMap map:
                var fields = new YamlFields(map, "", problems);
                return ResourceHeader.Read(fields) is { } header ? Read(header, fields) : null;
        }
    }

    private object? Read(ResourceHeader header, YamlFields fields)
    {
        switch (header.Kind)
        {
            case { Name: "Component" }:
                return ComponentReader.Read(header, fields);
            case { Name: "Subscription" }:
                return SubscriptionReader.Read(header, fields);
            case { Name: "HTTPEndpoint" }:
                return HttpEndpointReader.Read(header, fields);
            case { Name: "Configuration" }:
                // Dapr takes configurations from --config only; one in a resources folder lies there for somebody else.
                return null;
            default:
                KnownShapes.Kinds.GetValueOrDefault(header.Kind.Name)?.Check(fields);
                if (_withoutEffect.Add(header.Kind))
                    fields.Problems.Warning(fields.LineOf("kind"), "kind", $"{header.Kind.Name} is valid and has no effect in this runtime yet");
                return null;
        }
    }

    /// <summary>daprd logs what it cannot read and goes on, so errors become warnings that say so.</summary>
    private static IEnumerable<ResourceProblem> Softened(DocumentProblems problems) => problems.All.Select(problem =>
        problem.IsWarning ? problem : problem with { IsWarning = true, Message = problem.Message + "; this document is skipped" });

    private void Keep(object resource)
    {
        switch (resource)
        {
            case ComponentResource component when Concerns(component.Namespace, component.Scopes):
                if (IsFirst(ResourceKind.Component, component.Name, component.Origin))
                    _components.Add(component);
                break;
            case HttpEndpointResource endpoint when Concerns(endpoint.Namespace, endpoint.Scopes):
                if (IsFirst(ResourceKind.HttpEndpoint, endpoint.Name, endpoint.Origin))
                    _httpEndpoints.Add(endpoint);
                break;
            case ReadSubscription { Resource: var subscription, Kind: var kind } when Concerns(subscription.Namespace, subscription.Scopes):
                if (IsFirst(kind, subscription.Name, subscription.Origin))
                    _subscriptions.Add(subscription);
                break;
        }
    }

    private bool Concerns(string? resourceNamespace, IReadOnlyList<string> scopes) =>
        (string.IsNullOrEmpty(_options.Namespace) || string.IsNullOrEmpty(resourceNamespace) || resourceNamespace == _options.Namespace) &&
        (scopes.Count == 0 || scopes.Contains(_options.AppId, StringComparer.Ordinal));

    private bool IsFirst(ResourceKind kind, string name, ResourceOrigin origin)
    {
        if (_names.TryAdd((kind, name), origin))
            return true;
        _problems.Add(new ResourceProblem(
            origin.File, origin.Line, "metadata.name", $"duplicate definition of {kind.Name} name {name}; it is defined at {_names[(kind, name)]} too"));
        return false;
    }
}
