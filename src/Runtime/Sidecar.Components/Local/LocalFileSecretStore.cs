using System.Text.Json;
using Sidecar.Components.Secrets;

namespace Sidecar.Components.Local;

/// <summary><c>secretstores.local.file</c>: a JSON file, read once at the start.</summary>
internal sealed class LocalFileSecretStore : ISecretStore
{
    private Dictionary<string, IReadOnlyDictionary<string, string>> _secrets = [];

    public bool HoldsSeveralValues { get; private set; }

    public async Task InitAsync(ComponentContext context, CancellationToken cancellationToken)
    {
        var path = context.ResolvePath(context.Metadata.Required("secretsFile"));
        var separator = context.Metadata.Text("nestedSeparator", ":");
        HoldsSeveralValues = context.Metadata.Flag("multiValued");
        try
        {
            var text = await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false);
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new ComponentException($"'{path}' must hold a JSON object at its top");
            _secrets = HoldsSeveralValues ? Grouped(document.RootElement, separator) : Single(document.RootElement, separator);
        }
        catch (JsonException failure)
        {
            throw new ComponentException($"'{path}' is not valid JSON: {failure.Message}", failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ComponentException($"'{path}' cannot be read; check the metadata field 'secretsFile' ({failure.Message})", failure);
        }
    }

    public ValueTask<IReadOnlyDictionary<string, string>?> GetAsync(string name, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken) =>
        ValueTask.FromResult(_secrets.GetValueOrDefault(name));

    public ValueTask<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(
        IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>>(_secrets);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>One secret per leaf of the document, named by its path.</summary>
    private static Dictionary<string, IReadOnlyDictionary<string, string>> Single(JsonElement root, string separator)
    {
        Dictionary<string, string> leaves = [];
        foreach (var property in root.EnumerateObject())
            SecretText.Flatten(property.Name, property.Value, separator, leaves);
        return leaves.ToDictionary(leaf => leaf.Key, leaf => One(leaf.Key, leaf.Value));
    }

    /// <summary>One secret per property at the top: a text, or an object whose leaves are its values. Anything else is no secret.</summary>
    private static Dictionary<string, IReadOnlyDictionary<string, string>> Grouped(JsonElement root, string separator)
    {
        Dictionary<string, IReadOnlyDictionary<string, string>> secrets = [];
        foreach (var property in root.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.String)
                secrets[property.Name] = One(property.Name, property.Value.GetString()!);
            else if (property.Value.ValueKind == JsonValueKind.Object)
                secrets[property.Name] = Leaves(property.Value, separator);
        }

        return secrets;
    }

    private static Dictionary<string, string> Leaves(JsonElement group, string separator)
    {
        Dictionary<string, string> leaves = [];
        foreach (var property in group.EnumerateObject())
            SecretText.Flatten(property.Name, property.Value, separator, leaves);
        return leaves;
    }

    private static IReadOnlyDictionary<string, string> One(string name, string value) => new Dictionary<string, string> { [name] = value };
}
