using Sidecar.Components;

namespace Sidecar.Runtime.Resources;

/// <summary>What a component's <c>spec.metadata</c> came to.</summary>
/// <param name="Problems">Warnings: the value is left empty, log them. Errors: the component cannot start.</param>
internal sealed record ResolvedMetadata(ComponentMetadata Metadata, IReadOnlyList<ResourceProblem> Problems);

/// <summary>Items of a resource that are to become values.</summary>
/// <param name="Subject">Whose they are, for messages: what the item's name in quotes follows.</param>
/// <param name="Path">Their list in the document.</param>
internal sealed record ValueSource(
    string File, string Subject, string Path, Func<int, int> LineOf, IReadOnlyList<ComponentMetadataItem> Items, string? SecretStore);

/// <summary>
/// Turns metadata items into values: secrets and environment references first, then the templates <c>{uuid}</c>,
/// <c>{podName}</c>, <c>{namespace}</c> and <c>{appID}</c> in what they gave (contract section 4.2).
/// </summary>
internal sealed class ComponentMetadataResolver(string appId, IReadOnlyDictionary<string, string> environment, ISecretReader secrets)
{
    private const string DefaultNamespace = "default";

    public async ValueTask<ResolvedMetadata> ResolveAsync(ComponentResource component, CancellationToken cancellationToken)
    {
        var source = new ValueSource(
            component.Origin.File, $"component '{component.Name}', metadata", "spec.metadata", component.LineOfMetadata, component.Metadata, component.SecretStore);
        var (values, problems) = await ResolveAsync(source, cancellationToken).ConfigureAwait(false);
        var secret = component.Metadata.Zip(values).Where(pair => pair.First.SecretKeyRef is not null && pair.Second.Value.Length > 0).Select(pair => pair.Second.Value);
        return new ResolvedMetadata(new ComponentMetadata(values, [.. secret]), problems);
    }

    /// <summary>The values in the order of the items.</summary>
    public async ValueTask<(IReadOnlyList<KeyValuePair<string, string>> Values, IReadOnlyList<ResourceProblem> Problems)> ResolveAsync(
        ValueSource source, CancellationToken cancellationToken)
    {
        var values = new List<KeyValuePair<string, string>>(source.Items.Count);
        var problems = new List<ResourceProblem>();
        for (var index = 0; index < source.Items.Count; index++)
        {
            var item = source.Items[index];
            var report = new Reporter(source, index, problems);
            var value = item switch
            {
                { SecretKeyRef: { } reference } => await ReadSecretAsync(source.SecretStore, reference, report, cancellationToken).ConfigureAwait(false) ?? item.Value,
                { Value: null, EnvRef: { Length: > 0 } variable } => ReadVariable(variable, report),
                _ => item.Value,
            };
            values.Add(KeyValuePair.Create(item.Name, FillIn(value ?? "", report)));
        }

        return (values, problems);
    }

    /// <summary>null when it cannot be read, which is reported.</summary>
    private async ValueTask<string?> ReadSecretAsync(string? store, SecretKeyRef reference, Reporter report, CancellationToken cancellationToken)
    {
        var what = $"secret '{reference.Name}', key '{reference.Key}'";
        if (store is null)
        {
            report.Warning("secretKeyRef", $"{what} is not read: name its store in auth.secretStore");
            return null;
        }

        try
        {
            var value = await secrets.ReadAsync(store, reference.Name, reference.Key, cancellationToken).ConfigureAwait(false);
            if (string.IsNullOrEmpty(value))
                report.Warning("secretKeyRef", $"{what} is not in secret store '{store}'");
            return string.IsNullOrEmpty(value) ? null : value;
        }
        catch (ComponentException failure)
        {
            report.Warning("secretKeyRef", $"{what} cannot be read from secret store '{store}': {failure.Message}");
            return null;
        }
    }

    private string? ReadVariable(string name, Reporter report)
    {
        if (IsAllowed(name))
            return environment.GetValueOrDefault(name);
        report.Warning("envRef", $"environment variable '{name}' is not read: APP_API_TOKEN, DAPR_*, names with blanks and, with DAPR_ENV_KEYS set, all it does not list are refused");
        return null;
    }

    /// <summary>Tokens and settings of the sidecar itself stay out of components.</summary>
    private bool IsAllowed(string name)
    {
        if (name.Contains(' ', StringComparison.Ordinal) ||
            name.Equals("APP_API_TOKEN", StringComparison.OrdinalIgnoreCase) ||
            name.StartsWith("DAPR_", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        return environment.GetValueOrDefault("DAPR_ENV_KEYS") is not { Length: > 0 } allowed ||
            allowed.Split(' ').Contains(name, StringComparer.OrdinalIgnoreCase);
    }

    private string FillIn(string value, Reporter report)
    {
        if (!value.Contains('{', StringComparison.Ordinal))
            return value;
        for (var at = 0; (at = value.IndexOf("{uuid}", at, StringComparison.Ordinal)) >= 0;)
            value = $"{value.AsSpan(0, at)}{Guid.NewGuid()}{value.AsSpan(at + "{uuid}".Length)}";
        if (value.Contains("{podName}", StringComparison.Ordinal))
        {
            if (environment.GetValueOrDefault("POD_NAME") is { Length: > 0 } pod)
                value = value.Replace("{podName}", pod, StringComparison.Ordinal);
            else
                report.Error("value", "expected environment variable POD_NAME for {podName}, which is not set");
        }

        var scope = environment.GetValueOrDefault("NAMESPACE") is { Length: > 0 } given ? given : DefaultNamespace;
        return value
            .Replace("{namespace}", $"{scope}.{appId}", StringComparison.Ordinal)
            .Replace("{appID}", appId, StringComparison.Ordinal);
    }

    /// <summary>Reports problems of one item; they never hold its value, which may be secret.</summary>
    private sealed class Reporter(ValueSource source, int index, List<ResourceProblem> problems)
    {
        public void Warning(string field, string message) => Add(field, message, isWarning: true);

        public void Error(string field, string message) => Add(field, message, isWarning: false);

        private void Add(string field, string message, bool isWarning) => problems.Add(new ResourceProblem(
            source.File,
            source.LineOf(index),
            $"{source.Path}[{index}].{field}",
            $"{source.Subject} '{source.Items[index].Name}': {message}",
            isWarning));
    }
}
