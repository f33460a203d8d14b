using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources;

/// <summary>Looks for components that would wait for ever: no file of the app defines the secret store that they take secrets from.</summary>
internal static class SecretStoreCheck
{
    public static IEnumerable<ResourceProblem> Problems(ResourceSet resources, bool strict)
    {
        string[] stores = [.. resources.AllowedComponents.Where(component => component.IsSecretStore).Select(component => component.Name)];
        foreach (var component in resources.AllowedComponents)
        {
            if (component.NeededSecretStore is not { } store || stores.Contains(store, StringComparer.Ordinal))
                continue;
            var index = 0;
            while (component.Metadata[index].SecretKeyRef is null)
                index++;
            yield return new ResourceProblem(
                component.Origin.File,
                component.LineOfMetadata(index),
                $"spec.metadata[{index}].secretKeyRef",
                $"component '{component.Name}' waits for the secret store '{store}' of its auth.secretStore, which no file of the app defines{Spelling.Hint(store, stores)}",
                IsWarning: !strict);
        }
    }
}
