namespace Sidecar.Runtime.Resources.Templates;

/// <summary>
/// The user's <c>.dapr</c> folder: default components and configuration, and where runs of this user find each other. It is in
/// the home folder, or where DAPR_RUNTIME_PATH says, as with the official command line.
/// </summary>
public static class DaprFolder
{
    /// <summary>Environment variable with the folder that holds <c>.dapr</c>.</summary>
    public const string Variable = "DAPR_RUNTIME_PATH";

    public static string OfUser() => In(
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given
            ? Path.GetFullPath(given)
            : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));

    public static string In(string folder) => Path.Combine(folder, ".dapr");

    /// <summary>Resources of runs that name none.</summary>
    public static string Components(string daprFolder) => Path.Combine(daprFolder, "components");

    /// <summary>Configuration of runs that name none.</summary>
    public static string Configuration(string daprFolder) => Path.Combine(daprFolder, "config.yaml");

    /// <summary>File in which the sidecars of this user's processes find each other.</summary>
    public static string Names(string daprFolder) => Path.Combine(daprFolder, "names.db");
}
