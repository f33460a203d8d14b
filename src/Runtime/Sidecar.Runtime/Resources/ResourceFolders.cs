using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources;

/// <summary>One reading of the resource folders, in file order.</summary>
internal sealed class ResourceFolders
{
    private readonly ResourceLoadOptions _options;
    private readonly List<ResourceProblem> _problems = [];
    private readonly List<Resource> _resources = [];
    private readonly Dictionary<(ResourceKind? Kind, string Name), ResourceOrigin> _names = [];
    private readonly HashSet<ResourceKind> _withoutEffect = [];

    private ResourceFolders(ResourceLoadOptions options) => _options = options;

    public IReadOnlyList<Resource> Resources => _resources;

    public IReadOnlyList<ResourceProblem> Problems => _problems;

    public static ResourceFolders Load(ResourceLoadOptions options)
    {
        var folders = new ResourceFolders(options);
        foreach (var path in options.ResourcesPaths.Where(path => path.Length > 0).Select(Path.GetFullPath).Distinct(StringComparer.Ordinal))
            folders.ReadFolder(path);
        return folders;
    }

    /// <summary>Whether a file of that name in a resources folder is read.</summary>
    public static bool IsResourceFile(string name) =>
        name.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".yml", StringComparison.OrdinalIgnoreCase);

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
            if (IsResourceFile(file))
                ReadFile(file);
            else if (!_options.Strict || LooksLikeYaml(file))
                _problems.Add(new ResourceProblem(file, 0, "", "not loaded: its name does not end in .yaml or .yml", IsWarning: true));
        }
    }

    /// <summary>daprd warns of every other file. Before a run that would only be noise about a JSON file of secrets, but a slip is worth a line.</summary>
    private static bool LooksLikeYaml(string file) => Spelling.Nearest(Path.GetExtension(file).TrimStart('.'), ["yaml", "yml"]) is not null;

    private void ReadFile(string file)
    {
        var documents = YamlReader.ReadFile(file);
        var read = new List<(Resource? Resource, DocumentProblems Problems)>(documents.Count);
        foreach (var document in documents)
        {
            var problems = new DocumentProblems(file, _options.Strict, anyCase: true);
            read.Add((Read(document, isFirst: read.Count == 0, problems), problems));
        }

        var staysAsItWas = _options.LastGood is not null && read.Exists(document => document.Problems.HasErrors);
        foreach (var (resource, problems) in read)
        {
            _problems.AddRange(_options.Strict ? problems.All : Softened(problems, staysAsItWas));
            if (resource is not null && !problems.HasErrors && !staysAsItWas)
                Keep(resource);
        }

        if (staysAsItWas)
        {
            foreach (var resource in _options.LastGood!.All.Where(resource => resource.Origin.File == file))
                Keep(resource);
        }
    }

    private Resource? Read(YamlDocument document, bool isFirst, DocumentProblems problems)
    {
        if (document.Root is not YamlMap map)
        {
            problems.Error(document.Line, "", document.Error ?? $"expected a resource with apiVersion, kind, metadata and spec, found {document.Root?.Describe()}");
            return null;
        }

        var fields = new YamlFields(map, "", problems);
        if (ResourceHeader.Read(fields) is not { } header || Read(header, isFirst, fields) is not { } resource)
            return null;
        return resource with { Kind = header.Kind, Definition = YamlText.Of(map) };
    }

    private Resource? Read(ResourceHeader header, bool isFirst, YamlFields fields)
    {
        switch (header.Kind)
        {
            case { Name: "Component" }:
                return ComponentReader.Read(header, fields);
            case { Name: "Subscription" }:
                return SubscriptionReader.Read(header, fields);
            case { Name: "HTTPEndpoint" }:
                return HttpEndpointReader.Read(header, fields);
            case { Name: "Resiliency" } when !isFirst:
                fields.Problems.Odd(fields.LineOf("kind"), "kind", "ignored: a Resiliency is read only where it is the first document of its file");
                return null;
            case { Name: "Resiliency" }:
                return ResiliencyReader.Read(header, fields);
            case { Name: "Configuration" }:
                // Dapr takes configurations from --config only; one in a resources folder lies there for somebody else.
                return null;
            default:
                WarnOfNoEffect(header.Kind, fields);
                return null;
        }
    }

    private void WarnOfNoEffect(ResourceKind kind, YamlFields fields)
    {
        if (_withoutEffect.Add(kind))
            fields.Problems.Warning(fields.LineOf("kind"), "kind", $"{kind.Name} is valid and has no effect in this runtime yet");
    }

    /// <summary>daprd logs what it cannot read and goes on, so errors become warnings that say so.</summary>
    private static IEnumerable<ResourceProblem> Softened(DocumentProblems problems, bool staysAsItWas) => problems.All.Select(problem => problem.IsWarning
        ? problem
        : problem with { IsWarning = true, Message = problem.Message + (staysAsItWas ? "; what this file gave before stays as it was" : "; this document is skipped") });

    private void Keep(Resource resource)
    {
        if (!Concerns(resource))
            return;
        if (_names.TryAdd((resource.Kind, resource.Name), resource.Origin))
        {
            _resources.Add(resource);
            return;
        }

        _problems.Add(new ResourceProblem(
            resource.Origin.File, resource.Origin.Line, "metadata.name",
            $"duplicate definition of {resource.Kind?.Name} name {resource.Name}; it is defined at {_names[(resource.Kind, resource.Name)]} too"));
    }

    private bool Concerns(Resource resource) =>
        (string.IsNullOrEmpty(_options.Namespace) || string.IsNullOrEmpty(resource.Namespace) || resource.Namespace == _options.Namespace) &&
        (resource.Scopes.Count == 0 || resource.Scopes.Contains(_options.AppId, StringComparer.Ordinal));
}
