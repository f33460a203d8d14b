namespace Sidecar.Components.LocalStorage;

/// <summary>The component types of this folder.</summary>
internal static class LocalStorageComponents
{
    public static IEnumerable<ComponentType> Types { get; } =
    [
        new("bindings.localstorage", "v1", () => new LocalStorageBinding())
        {
            Fields = [new("rootPath", "Folder of the files, relative to the app's folder; made if it is missing.", Required: true)],
        },
    ];
}
