using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources;

/// <summary>
/// One reading of the <c>--config</c> files (contract section 4.3). Only the first document of a file counts, and unlike a
/// resource file one that cannot be read stops the start, as in daprd.
/// </summary>
internal sealed class ConfigurationFiles
{
    private readonly ResourceLoadOptions _options;
    private readonly List<ResourceProblem> _problems = [];
    private readonly HashSet<string> _withoutEffect = new(StringComparer.Ordinal);

    private ConfigurationFiles(ResourceLoadOptions options) => _options = options;

    public ConfigurationResource Merged { get; private set; } = new();

    public IReadOnlyList<ResourceProblem> Problems => _problems;

    public static ConfigurationFiles Load(ResourceLoadOptions options)
    {
        var files = new ConfigurationFiles(options);
        foreach (var path in options.ConfigPaths.Where(path => path.Length > 0).Select(Path.GetFullPath))
            files.ReadFile(path);
        return files;
    }

    private void ReadFile(string file)
    {
        if (!File.Exists(file))
        {
            _problems.Add(new ResourceProblem(file, 0, "", "expected a Configuration file: does not exist"));
            return;
        }

        var problems = new DocumentProblems(file, _options.Strict, anyCase: true);
        var documents = YamlReader.ReadFile(file, text => EnvironmentExpansion.Expand(text, _options.Environment));
        if (documents.Count > 0)
            Read(documents[0], problems);
        foreach (var extra in documents.Skip(1))
            problems.Odd(extra.Line, "", "ignored: only the first document of a Configuration file is read");
        _problems.AddRange(problems.All);
    }

    private void Read(YamlDocument document, DocumentProblems problems)
    {
        if (document.Root is not YamlMap map)
        {
            problems.Error(document.Line, "", document.Error ?? $"expected a Configuration, found {document.Root?.Describe()}");
            return;
        }

        var fields = new YamlFields(map, "", problems);
        if (ResourceHeader.Read(fields) is { } header && header.Kind.Name != "Configuration")
        {
            problems.Odd(fields.LineOf("kind"), "kind", $"expected Configuration, found '{header.Kind.Name}'; the file is ignored");
            return;
        }

        Merged = ConfigurationReader.Merge(Merged, fields, _withoutEffect);
    }
}
