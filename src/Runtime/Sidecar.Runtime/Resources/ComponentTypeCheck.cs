using Sidecar.Components;
using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources;

/// <summary>Compares components with the types of this build: what a sidecar would find out at its start, told before.</summary>
internal sealed class ComponentTypeCheck(ComponentCatalog catalog)
{
    public IEnumerable<ResourceProblem> Problems(ComponentResource component) =>
        catalog.Find(component.Type, component.Version) is { } type
            ? MissingFields(component, type).Concat(SecretsInTheClear(component, type)).Concat(UnknownFields(component, type))
            : [Unknown(component)];

    private ResourceProblem Unknown(ComponentResource component)
    {
        var versions = catalog.Types.Where(type => type.Answers(component.Type, type.Version)).Select(type => type.Version).ToArray();
        return versions.Length > 0
            ? Problem(component, "spec.version", $"expected {string.Join(" or ", versions)} for {component.Type}, found '{component.Version}'")
            : Problem(component, "spec.type", $"this runtime has no driver for {component.Type} yet{Spelling.Hint(component.Type, catalog.Types.Select(type => type.Type))}; it has {Known(component.Type.Split('.')[0])}");
    }

    private string Known(string kind) =>
        string.Join(", ", catalog.Types.Where(type => type.Kind == kind).Select(type => type.Type).Distinct().DefaultIfEmpty("only " + string.Join(", ", catalog.Types.Select(type => type.Kind).Distinct())));

    private static IEnumerable<ResourceProblem> MissingFields(ComponentResource component, ComponentType type) =>
        from field in type.Fields
        where field.Required && !component.Metadata.Any(item => Answers(field, item.Name) && IsGiven(item))
        select Problem(component, "spec.metadata", $"expected an item '{field.Name}' with a value; {component.Type} needs it");

    private static IEnumerable<ResourceProblem> SecretsInTheClear(ComponentResource component, ComponentType type)
    {
        foreach (var field in FieldsOf(type).Where(field => field.IsSecret))
        {
            // Of several items the last one counts, as it does for the sidecar.
            var index = component.Metadata.ToList().FindLastIndex(item => Answers(field, item.Name));
            if (index >= 0 && component.Metadata[index].SecretKeyRef is null)
                yield return Problem(component, $"spec.metadata[{index}]", $"'{field.Name}' must be a secretKeyRef: put it into a secret store and name that in auth.secretStore", component.LineOfMetadata(index));
        }
    }

    private static IEnumerable<ResourceProblem> UnknownFields(ComponentResource component, ComponentType type)
    {
        var known = FieldsOf(type).SelectMany(field => field.Aliases.Prepend(field.Name)).ToArray();
        for (var index = 0; index < component.Metadata.Count; index++)
        {
            var name = component.Metadata[index].Name;
            if (known.Contains(name, StringComparer.OrdinalIgnoreCase))
                continue;

            // Not an error: Dapr ignores it as well, and a file may be written for the drivers of several runtimes.
            yield return new ResourceProblem(
                component.Origin.File,
                component.LineOfMetadata(index),
                $"spec.metadata[{index}].name",
                $"component '{component.Name}': {component.Type} does not know '{name}' and ignores it{Spelling.Hint(name, known)}",
                IsWarning: true);
        }
    }

    private static IEnumerable<ComponentField> FieldsOf(ComponentType type) => type.Fields.Concat(SidecarFields.Of(type.Kind));

    private static bool Answers(ComponentField field, string name) => field.Aliases.Prepend(field.Name).Contains(name, StringComparer.OrdinalIgnoreCase);

    private static bool IsGiven(ComponentMetadataItem item) => item is { Value.Length: > 0 } or { SecretKeyRef: not null } or { EnvRef.Length: > 0 };

    private static ResourceProblem Problem(ComponentResource component, string field, string message, int? line = null) => new(
        component.Origin.File,
        line ?? component.SpecLine,
        field,
        $"component '{component.Name}': {message}{(component.IgnoreErrors ? "; it is left out (ignoreErrors)" : "")}",
        IsWarning: component.IgnoreErrors);
}
