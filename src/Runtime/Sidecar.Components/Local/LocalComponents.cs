namespace Sidecar.Components.Local;

/// <summary>The component types of this folder.</summary>
internal static class LocalComponents
{
    public static IEnumerable<ComponentType> Types { get; } =
    [
        new("secretstores.local.file", "v1", () => new LocalFileSecretStore())
        {
            Fields =
            [
                new("secretsFile", "Path of the JSON file, relative to the app's folder. Read once, at the start.", Required: true),
                new("nestedSeparator", "Joins the parts of the name of a nested value.", ":"),
                new("multiValued", "An object at the top is one secret with several values.", "false"),
            ],
        },
        new("secretstores.local.env", "v1", () => new LocalEnvSecretStore())
        {
            Fields = [new("prefix", "Put before the name of a secret to get that of its variable.")],
        },
    ];
}
