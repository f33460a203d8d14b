using Sidecar.Components;
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
    /// <param name="filesOrFolders">The templates of the run.</param>
    public static CheckedTemplate Load(IReadOnlyList<string> filesOrFolders, bool isolated, string? componentSet)
    {
        var loaded = RunTemplateLoader.LoadAll(filesOrFolders);
        List<string> errors = [.. loaded.Errors.Select(error => error.ToString())];
        List<string> notes = [.. loaded.Problems.Where(problem => problem.IsWarning).Select(warning => $"warning: {warning}")];
        if ((loaded.Value ?? loaded.Draft) is not { } read)
            return new CheckedTemplate(null, errors, notes);
        var runnable = Requirements.Apply(RunTemplate.Join(read), SidecarOptions.ProcessEnvironment(), notes);
        if (runnable.Apps.Count == 0)
            return new CheckedTemplate(null, [.. errors, "every app is skipped, so there is nothing to run"], notes);
        var choice = runnable.WithComponentSet(componentSet);
        if (choice.Template is not { } template)
            return new CheckedTemplate(null, [.. errors, choice.Error!], notes);

        if (choice.Notice is { } notice)
            notes.Add(notice);
        return Check(template, isolated, errors, notes, componentSet);
    }

    /// <summary>The rest of the check, for a template that is read already.</summary>
    /// <param name="errors">What was found so far; more is added.</param>
    /// <param name="notes">Likewise.</param>
    public static CheckedTemplate Check(RunTemplate template, bool isolated, List<string> errors, List<string> notes, string? componentSet = null)
    {
        notes.AddRange(WithoutEffect(template));
        var resources = LoadResources(template);
        var problems = InReadingOrder(resources.SelectMany(set => set.Problems));
        notes.AddRange(problems.Where(problem => problem.IsWarning).Select(problem => $"warning: {problem}"));
        notes.AddRange(SubscriptionsWithoutPubSub(resources));
        errors.AddRange(problems.Where(problem => !problem.IsWarning).Select(problem => problem.ToString()));
        if (componentSet is not null && template.ComponentSets.FirstOrDefault(sets => sets.Default != componentSet && problems.Any(problem => IsUnknownType(problem, sets, componentSet))) is { } sets)
            notes.Add($"component set {componentSet} cannot be run here; without --components {componentSet} the set {sets.Default} is taken");
        if (isolated && !template.IsSingleApp)
            errors.AddRange(InMemoryPubSub(resources));
        return new CheckedTemplate(errors.Count == 0 ? template : null, errors, notes);
    }

    private static Loaded<ResourceSet>[] LoadResources(RunTemplate template)
    {
        var environment = SidecarOptions.ProcessEnvironment();
        return [.. template.Apps.Select(app => ResourceLoader.Load(Options(app, environment)))];
    }

    private static ResourceLoadOptions Options(RunApp app, IReadOnlyDictionary<string, string> environment) => new(
        app.AppId,
        environment.GetValueOrDefault("NAMESPACE"),
        app.ResourcesPaths,
        app.ConfigFilePath is { } config ? [config] : [],
        environment,
        Strict: true)
    {
        Catalog = ComponentCatalog.Default,
    };

    /// <summary>File by file, line by line. Apps share folders: what is wrong in one is told once.</summary>
    private static ResourceProblem[] InReadingOrder(IEnumerable<ResourceProblem> problems) =>
        [.. problems.Distinct().GroupBy(problem => problem.File).SelectMany(file => file.OrderBy(problem => problem.Line))];

    private static bool IsUnknownType(ResourceProblem problem, ComponentSets sets, string set) =>
        problem is { IsWarning: false, Field: "spec.type" } && Path.GetDirectoryName(problem.File) == Path.Combine(sets.Folder, set);

    private static IEnumerable<string> InMemoryPubSub(IEnumerable<Loaded<ResourceSet>> resources) => resources
        .SelectMany(set => set.Value?.Components ?? [])
        .Where(component => component.Type.Equals("pubsub.in-memory", StringComparison.OrdinalIgnoreCase))
        .Select(component =>
            $"{component.Origin}: {component.Name}: pubsub.in-memory lives in the memory of one process, and with --isolated each sidecar is a process: a message would reach no other app. Use pubsub.sqlite, or run without --isolated")
        .Distinct();

    /// <summary>daprd only logs it, and the messages never come. One that some app can serve is right: without scopes all apps read it.</summary>
    private static IEnumerable<string> SubscriptionsWithoutPubSub(IReadOnlyCollection<Loaded<ResourceSet>> resources)
    {
        // A component that could not be read may be the one.
        if (resources.Any(set => set.Value is null))
            return [];
        return
            from set in resources
            from subscription in set.Value!.Subscriptions
            let served = set.Value!.Components.Any(component => component.Name == subscription.PubsubName && component.Type.StartsWith("pubsub.", StringComparison.OrdinalIgnoreCase))
            group served by (subscription.Origin, subscription.Name, subscription.PubsubName) into found
            where !found.Contains(true)
            select $"warning: {found.Key.Origin}: spec.pubsubname: no app that reads subscription '{found.Key.Name}' has a pubsub component '{found.Key.PubsubName}'; it will get no messages";
    }

    private static IEnumerable<string> WithoutEffect(RunTemplate template) => template.Apps
        .SelectMany(app => app.WithoutEffect, (app, field) => $"{(template.IsSingleApp ? "" : app.TemplateFile + ": ")}{field}")
        .Distinct()
        .Select(field => $"warning: {field} is valid, and has no effect in this runtime yet");
}
