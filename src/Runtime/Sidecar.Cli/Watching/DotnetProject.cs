using System.Xml;
using System.Xml.Linq;
using Sidecar.Runtime.Resources;

namespace Sidecar.Cli.Watching;

/// <summary>The .NET project that an app's command runs.</summary>
/// <param name="File">The project, or the one source file of an app without a project.</param>
/// <param name="Configuration">Such as Release; null = that of a plain build.</param>
internal sealed record DotnetProject(string File, string? Configuration)
{
    private static readonly string[] Projects = [".csproj", ".fsproj", ".vbproj"];

    private static readonly string[] Sources =
    [
        ".cs", ".fs", ".vb", ".razor", ".cshtml", ".resx", ".proto", ".props", ".targets", "appsettings.json", "appsettings.Development.json", .. Projects,
    ];

    public BuildCommand Build => new(
        ["dotnet", "build", File, .. Configuration is null ? Array.Empty<string>() : ["-c", Configuration], "-v", "quiet", "-clp:NoSummary", "-nologo"],
        Path.GetDirectoryName(File)!);

    /// <summary>The project of <c>dotnet run</c>, <c>dotnet x.dll</c> or a built program; null when it is another command, or the project is not found.</summary>
    /// <param name="templateFolder">Projects are looked for below it.</param>
    public static DotnetProject? Of(RunApp app, string templateFolder) => app.Command switch
    {
        [var dotnet, "run", ..] when IsDotnet(dotnet) => OfRun(app),
        [var dotnet, ..] when IsDotnet(dotnet) && app.Command.FirstOrDefault(word => word.EndsWith(".dll", StringComparison.OrdinalIgnoreCase)) is { } library =>
            OfOutput(Path.GetFullPath(library, app.AppDirPath), templateFolder),
        [var program, ..] when program.Contains('/') && System.IO.File.Exists(Library(program, app)) => OfOutput(Library(program, app), templateFolder),
        _ => null,
    };

    /// <summary>The folders of the project and of all that it refers to.</summary>
    public IReadOnlyList<SourceFolder> Folders()
    {
        var projects = new List<string> { File };
        for (var next = 0; next < projects.Count; next++)
            projects.AddRange(References(projects[next]).Where(reference => !projects.Contains(reference, StringComparer.Ordinal)));
        return [.. projects.Select(project => Path.GetDirectoryName(project)!).Distinct().Select(folder => new SourceFolder(folder, Sources))];
    }

    private static bool IsDotnet(string program) => Path.GetFileNameWithoutExtension(program) == "dotnet";

    private static string Library(string program, RunApp app) =>
        Path.ChangeExtension(Path.GetFullPath(program, app.AppDirPath), null) is var stem && program.EndsWith(".exe", StringComparison.OrdinalIgnoreCase)
            ? stem + ".dll"
            : Path.GetFullPath(program, app.AppDirPath) + ".dll";

    private static DotnetProject? OfRun(RunApp app)
    {
        string[] words = [.. app.Command.Skip(2).TakeWhile(word => word != "--")];
        var source = words.FirstOrDefault(word => word.EndsWith(".cs", StringComparison.Ordinal));
        var given = Path.GetFullPath(Option(words, "--project") ?? source ?? ".", app.AppDirPath);
        var project = System.IO.File.Exists(given) ? given : ProjectsIn(given) is [var only] ? only : null;
        return project is null ? null : new DotnetProject(project, Option(words, "--configuration") ?? Option(words, "-c"));
    }

    private static string? Option(string[] words, string name) =>
        words.FirstOrDefault(word => word.StartsWith(name + "=", StringComparison.Ordinal)) is { } joined ? joined[(name.Length + 1)..]
        : Array.IndexOf(words, name) is >= 0 and var at && at + 1 < words.Length ? words[at + 1]
        : null;

    /// <summary>An output folder lies in its project, or all of them in one <c>artifacts</c> folder; else the name must be found once.</summary>
    private static DotnetProject? OfOutput(string library, string templateFolder)
    {
        var name = Path.GetFileNameWithoutExtension(library);
        var artifacts = library.IndexOf($"{Path.DirectorySeparatorChar}artifacts{Path.DirectorySeparatorChar}", StringComparison.Ordinal);
        var above = Ancestors(library).SelectMany(ProjectsIn).FirstOrDefault(project => AssemblyName(project) == name);
        string[] found = above is not null ? [above]
            : [.. new SourceFolder(artifacts > 0 ? library[..artifacts] : templateFolder, Projects).Files().Select(file => file.Path).Where(project => AssemblyName(project) == name)];
        return found is [var one] ? new DotnetProject(one, ConfigurationOf(library)) : null;
    }

    private static IEnumerable<string> Ancestors(string file)
    {
        for (var folder = Path.GetDirectoryName(file); folder is not null; folder = Path.GetDirectoryName(folder))
            yield return folder;
    }

    private static string[] ProjectsIn(string folder) => Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder, "*proj").Where(file => Projects.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))]
        : [];

    // Folders of outputs: bin/Release/net10.0, or artifacts/bin/Name/release.
    private static string? ConfigurationOf(string library) => library.Split(Path.DirectorySeparatorChar)
        .Select(part => part.Split('_')[0])
        .Select(part => part.Equals("release", StringComparison.OrdinalIgnoreCase) ? "Release" : part.Equals("debug", StringComparison.OrdinalIgnoreCase) ? "Debug" : null)
        .LastOrDefault(configuration => configuration is not null);

    private static string AssemblyName(string project) =>
        Elements(project, "AssemblyName").Select(element => element.Value.Trim()).FirstOrDefault(value => value.Length > 0 && !value.Contains('$', StringComparison.Ordinal))
        ?? Path.GetFileNameWithoutExtension(project);

    private static IEnumerable<string> References(string project) =>
        from element in Elements(project, "ProjectReference")
        let include = element.Attribute("Include")?.Value.Replace('\\', Path.DirectorySeparatorChar)
        where include is { Length: > 0 }
        let reference = Path.GetFullPath(include, Path.GetDirectoryName(project)!)
        where System.IO.File.Exists(reference)
        select reference;

    private static IEnumerable<XElement> Elements(string project, string name)
    {
        try
        {
            return Projects.Contains(Path.GetExtension(project), StringComparer.OrdinalIgnoreCase)
                ? XDocument.Load(project).Descendants().Where(element => element.Name.LocalName == name)
                : [];
        }
        catch (Exception failure) when (failure is XmlException or IOException or UnauthorizedAccessException)
        {
            // Half edited, or not for us: the build tells.
            return [];
        }
    }
}
