using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources.Templates;

/// <summary>Makes the paths of a run template absolute and checks that they exist.</summary>
/// <param name="givenHome">Folder that <c>~</c> stands for, and that holds <c>.dapr</c>; null = those of the user.</param>
internal sealed class TemplatePaths(string? givenHome)
{
    private readonly string _home = givenHome ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    /// <summary>Where default components and configuration are.</summary>
    public string Installed { get; } = givenHome is null ? DaprFolder.OfUser() : DaprFolder.In(givenHome);

    /// <summary>The folder that a field names; null when it is absent, or wrong and reported.</summary>
    public string? Folder(YamlFields fields, string name, string? baseDirectory) =>
        fields.Text(name, TextForm.AsWritten) is { Length: > 0 } path
            ? Existing(fields.Problems, fields.LineOf(name), fields.PathOf(name), path, baseDirectory, isFolder: true)
            : null;

    public string? File(YamlFields fields, string name, string? baseDirectory) =>
        fields.Text(name, TextForm.AsWritten) is { Length: > 0 } path
            ? Existing(fields.Problems, fields.LineOf(name), fields.PathOf(name), path, baseDirectory, isFolder: false)
            : null;

    public List<string> Folders(YamlFields fields, string name, string? baseDirectory)
    {
        if (fields.Node(name) is YamlScalar { Value: string text })
            return SplitFolders(fields, name, text, baseDirectory);
        var list = fields.Node(name) as YamlList;
        var paths = fields.Texts(name, TextForm.AsWritten);
        var folders = new List<string>();
        for (var index = 0; index < paths.Count; index++)
        {
            // Items of a wrong type are reported already and missing from the texts; then the list's line is near enough.
            var line = list!.Items.Count == paths.Count ? list.Items[index].Line : list.Line;
            if (paths[index].Length == 0)
                fields.Problems.Error(line, $"{fields.PathOf(name)}[{index}]", "expected a folder, found an empty text");
            else if (Existing(fields.Problems, line, $"{fields.PathOf(name)}[{index}]", paths[index], baseDirectory, isFolder: true) is { } folder)
                folders.Add(folder);
        }

        return folders;
    }

    /// <summary>One text with commas, as the reference of the template has it, though Dapr's own reader wants a list.</summary>
    private List<string> SplitFolders(YamlFields fields, string name, string text, string? baseDirectory) =>
    [
        .. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(path => Existing(fields.Problems, fields.LineOf(name), fields.PathOf(name), path, baseDirectory, isFolder: true))
            .OfType<string>(),
    ];

    /// <param name="baseDirectory">null when it is itself wrong: then a relative path cannot be judged.</param>
    private string? Existing(DocumentProblems problems, int line, string field, string path, string? baseDirectory, bool isFolder)
    {
        var expanded = path == "~" || path.StartsWith("~/", StringComparison.Ordinal) ? _home + path[1..] : path;
        if (baseDirectory is null && !Path.IsPathFullyQualified(expanded))
            return null;
        if (expanded.Contains('\0', StringComparison.Ordinal))
        {
            problems.Error(line, field, "expected a path, found a text with a zero character");
            return null;
        }

        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(expanded, baseDirectory ?? _home));
        if (isFolder ? Directory.Exists(full) : System.IO.File.Exists(full))
            return full;
        var found = Directory.Exists(full) ? "is a folder" : System.IO.File.Exists(full) ? "is a file" : "does not exist";
        problems.Error(line, field, $"expected a {(isFolder ? "folder" : "file")}: '{full}' {found}");
        return null;
    }
}
