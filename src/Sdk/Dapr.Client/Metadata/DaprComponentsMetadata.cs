namespace Dapr.Client;

/// <summary>A loaded component.</summary>
/// <param name="name">Its name.</param>
/// <param name="type">Its type, such as <c>state.redis</c>.</param>
/// <param name="version">Its version, mostly <c>v1</c>.</param>
/// <param name="capabilities">What it can do, such as <c>ETAG</c>.</param>
public sealed class DaprComponentsMetadata(string name, string type, string version, string[] capabilities)
{
    /// <summary>Its name.</summary>
    public string Name { get; } = name;

    /// <summary>Its type, such as <c>state.redis</c>.</summary>
    public string Type { get; } = type;

    /// <summary>Its version, mostly <c>v1</c>.</summary>
    public string Version { get; } = version;

    /// <summary>What it can do, such as <c>ETAG</c>.</summary>
    public string[] Capabilities { get; } = capabilities;
}
