namespace Sidecar.Runtime.Hosting;

/// <summary>Versions this runtime shows.</summary>
public static class RuntimeVersion
{
    /// <summary>The Dapr version whose behaviour this runtime has; shown where tools expect a Dapr version.</summary>
    public const string Dapr = "1.18.0";

    /// <summary>Our own version.</summary>
    public static string Own { get; } = typeof(RuntimeVersion).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";
}
