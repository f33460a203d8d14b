using Microsoft.Extensions.Logging.Abstractions;
using Sidecar.Components;
using TestSupport;

namespace Sidecar.Components.Tests;

/// <summary>Contexts for components under test.</summary>
internal static class Contexts
{
    public static ComponentContext For(TempFolder folder, SharedResources? shared = null, TimeProvider? time = null, params (string Name, string Value)[] metadata) => new()
    {
        Name = "component",
        AppId = "app",
        Metadata = new ComponentMetadata(metadata.Select(pair => KeyValuePair.Create(pair.Name, pair.Value))),
        BaseDirectory = folder.Path,
        Shared = shared ?? new SharedResources(),
        Time = time ?? TimeProvider.System,
        Logger = NullLogger.Instance,
    };
}
