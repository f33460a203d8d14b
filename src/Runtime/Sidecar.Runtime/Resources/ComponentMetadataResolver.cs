using Sidecar.Components;

namespace Sidecar.Runtime.Resources;

/// <summary>Who a component's metadata is resolved for.</summary>
/// <param name="Namespace">NAMESPACE of the sidecar; null = <c>default</c> in templates.</param>
internal sealed record ResolveFor(string AppId, string? Namespace, IReadOnlyDictionary<string, string> Environment);

/// <summary>
/// Turns the entries of a component's <c>spec.metadata</c> into values: secrets and environment variables are read, templates
/// filled in (contract 4.2). What cannot be read is left empty and is a problem to log.
/// </summary>
internal static class ComponentMetadataResolver
{
    public static async ValueTask<(ComponentMetadata Metadata, IReadOnlyList<ResourceProblem> Problems)> ResolveAsync(
        ComponentResource component, ResolveFor sidecar, ISecretReader secrets, CancellationToken cancellationToken)
    {
        var problems = new List<ResourceProblem>();
        var values = new List<KeyValuePair<string, string>>(component.Metadata.Count);
        foreach (var item in component.Metadata)
        {
            var value = item switch
            {
                { SecretKeyRef: { } reference } => await ReadSecretAsync(component, item, reference, secrets, problems, cancellationToken).ConfigureAwait(false),
                { EnvRef: { } variable } => ReadVariable(component, item, variable, sidecar, problems),
                _ => Fill(item.Value ?? "", sidecar),
            };
            values.Add(KeyValuePair.Create(item.Name, value));
        }

        return (new ComponentMetadata(values), problems);
    }

    private static async ValueTask<string> ReadSecretAsync(
        ComponentResource component, ComponentMetadataItem item, SecretKeyRef reference, ISecretReader secrets, List<ResourceProblem> problems, CancellationToken cancellationToken)
    {
        if (component.SecretStore is not { Length: > 0 } store)
        {
            problems.Add(Problem(component, item, "secretKeyRef needs auth.secretStore to name a secret store component"));
            return "";
        }

        if (await secrets.ReadAsync(store, reference.Name, reference.Key, cancellationToken).ConfigureAwait(false) is { } value)
            return value;
        problems.Add(Problem(component, item, $"secret store {store} has no secret {reference.Name} with key {reference.Key}; the value stays empty"));
        return "";
    }

    private static string ReadVariable(ComponentResource component, ComponentMetadataItem item, string variable, ResolveFor sidecar, List<ResourceProblem> problems)
    {
        if (IsRefused(variable, sidecar.Environment))
        {
            problems.Add(Problem(component, item, $"envRef {variable} is not allowed; the value stays empty"));
            return "";
        }

        return sidecar.Environment.GetValueOrDefault(variable) ?? "";
    }

    private static bool IsRefused(string variable, IReadOnlyDictionary<string, string> environment)
    {
        var name = variable.ToUpperInvariant();
        if (name is "APP_API_TOKEN" || name.StartsWith("DAPR_", StringComparison.Ordinal) || name.Contains(' ', StringComparison.Ordinal))
            return true;
        return environment.GetValueOrDefault("DAPR_ENV_KEYS") is { Length: > 0 } allowed &&
            !allowed.Split(' ', StringSplitOptions.RemoveEmptyEntries).Contains(name, StringComparer.OrdinalIgnoreCase);
    }

    private static string Fill(string value, ResolveFor sidecar)
    {
        if (!value.Contains('{', StringComparison.Ordinal))
            return value;
        while (value.IndexOf("{uuid}", StringComparison.Ordinal) is >= 0 and var at)
            value = string.Concat(value.AsSpan(0, at), Guid.NewGuid().ToString(), value.AsSpan(at + "{uuid}".Length));
        if (value.Contains("{podName}", StringComparison.Ordinal))
        {
            value = value.Replace(
                "{podName}",
                sidecar.Environment.GetValueOrDefault("POD_NAME") is { Length: > 0 } pod ? pod : throw new ComponentException("the metadata uses {podName}, but POD_NAME is not set"),
                StringComparison.Ordinal);
        }

        return value
            .Replace("{namespace}", $"{sidecar.Namespace ?? "default"}.{sidecar.AppId}", StringComparison.Ordinal)
            .Replace("{appID}", sidecar.AppId, StringComparison.Ordinal);
    }

    private static ResourceProblem Problem(ComponentResource component, ComponentMetadataItem item, string message) =>
        new(component.Origin.File, component.Origin.Line, $"spec.metadata '{item.Name}'", message, IsWarning: true);
}
