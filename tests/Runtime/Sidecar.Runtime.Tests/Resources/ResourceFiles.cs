using Sidecar.Components;
using Sidecar.Runtime.Resources;
using TestSupport;

namespace Sidecar.Runtime.Tests.Resources;

/// <summary>A folder of resource files for one test, loaded as one sidecar would.</summary>
internal sealed class ResourceFiles : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<string> _configs = [];

    public Dictionary<string, string> Environment { get; } = [];

    public string? Namespace { get; set; }

    public string AppId { get; set; } = "orders";

    public string Path(string name) => _folder.File(name);

    public ResourceFiles Add(string name, string text)
    {
        _folder.Write(System.IO.Path.Combine("resources", name), text);
        return this;
    }

    public ResourceFiles AddConfig(string name, string text)
    {
        _configs.Add(_folder.Write(name, text));
        return this;
    }

    /// <summary>What components are compared with before a run.</summary>
    public ComponentCatalog? Catalog { get; set; }

    public Loaded<ResourceSet> Load(bool strict)
    {
        Directory.CreateDirectory(Path("resources"));
        return ResourceLoader.Load(new ResourceLoadOptions(AppId, Namespace, [Path("resources")], _configs, Environment, strict) { Catalog = Catalog });
    }

    public IReadOnlyList<ResourceProblem> LoadProblems() => Load(strict: true).Problems;

    public ResourceSet LoadWell(bool strict = true)
    {
        var loaded = Load(strict);
        Assert.Empty(loaded.Errors);
        return loaded.Value!;
    }

    /// <summary>Each problem as <c>line field: message</c>, with the file before it when there are several.</summary>
    public static IEnumerable<string> Told(IEnumerable<ResourceProblem> problems) =>
        problems.Select(problem => $"{problem.Line} {problem.Field}: {problem.Message}");

    public void Dispose() => _folder.Dispose();
}
