using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resources;

namespace Sidecar.Cli.Running;

/// <summary>A template that may be run, or null; and every line to show before.</summary>
/// <param name="Problems">What keeps it from running: all of it.</param>
/// <param name="Notes">What should be known.</param>
internal sealed record CheckedTemplate(RunTemplate? Template, IReadOnlyList<string> Problems, IReadOnlyList<string> Notes);

/// <summary>Reads the template and every resource that its sidecars will read, strictly, before anything is started.</summary>
internal static class TemplateCheck
{
    public static CheckedTemplate Load(string fileOrFolder, bool isolated, string? componentSet)
    {
        var loaded = RunTemplateLoader.Load(fileOrFolder);
        if (loaded.Value is null)
            return new CheckedTemplate(null, [.. loaded.Errors.Select(error => error.ToString())], []);
        var choice = loaded.Value.WithComponentSet(componentSet);
        if (choice.Template is not { } template)
            return new CheckedTemplate(null, [choice.Error!], []);

        var notes = new List<string>(loaded.Problems.Select(warning => $"warning: {warning}"));
        notes.AddRange(WithoutEffect(template));
        if (choice.Notice is { } notice)
            notes.Add(notice);
        var environment = SidecarOptions.ProcessEnvironment();
        var resources = template.Apps.Select(app => ResourceLoader.Load(Options(app, environment))).ToArray();

        // Apps share folders: what is wrong in one is told once.
        var problems = resources.SelectMany(set => set.Problems).Distinct().ToArray();
        notes.AddRange(problems.Where(problem => problem.IsWarning).Select(problem => $"warning: {problem}"));
        List<string> errors = [.. problems.Where(problem => !problem.IsWarning).Select(problem => problem.ToString())];
        if (isolated)
            errors.AddRange(InMemoryPubSub(resources));
        return new CheckedTemplate(errors.Count == 0 ? template : null, errors, notes);
    }

    private static ResourceLoadOptions Options(RunApp app, IReadOnlyDictionary<string, string> environment) => new(
        app.AppId,
        environment.GetValueOrDefault("NAMESPACE"),
        app.ResourcesPaths,
        app.ConfigFilePath is { } config ? [config] : [],
        environment,
        Strict: true);

    private static IEnumerable<string> InMemoryPubSub(IEnumerable<Loaded<ResourceSet>> resources) => resources
        .SelectMany(set => set.Value?.Components ?? [])
        .Where(component => component.Type.Equals("pubsub.in-memory", StringComparison.OrdinalIgnoreCase))
        .Select(component =>
            $"{component.Origin}: {component.Name}: pubsub.in-memory lives in the memory of one process, and with --isolated each sidecar is a process: a message would reach no other app. Use pubsub.sqlite, or run without --isolated")
        .Distinct();

    private static IEnumerable<string> WithoutEffect(RunTemplate template) => template.Apps
        .SelectMany(app => app.WithoutEffect)
        .Distinct()
        .Select(field => $"warning: {template.File}: {field} is valid, and has no effect in this runtime yet");
}
