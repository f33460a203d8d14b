using System.Diagnostics.CodeAnalysis;
using Sidecar.Components.State;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resiliency;
using Sidecar.Runtime.State.Encryption;
using Sidecar.Runtime.State.Outbox;

namespace Sidecar.Runtime.State;

/// <summary>A state store with what its metadata says to the runtime rather than to the driver.</summary>
/// <param name="Driver">For the runtime's own needs.</param>
/// <param name="Guarded">The same under the store's policies, for what the API is asked.</param>
/// <param name="Prefix">What stands before each key, separator included; empty = nothing.</param>
/// <param name="Encryption">Null = values are stored as they are.</param>
internal sealed record ConfiguredStateStore(string Name, IStateStore Driver, GuardedDriver Guarded, string Prefix, StateEncryption? Encryption, OutboxSettings? Outbox)
{
    private const string Separator = "||";

    public static ConfiguredStateStore From(LoadedComponent component, IStateStore driver, ResiliencyPolicies policies, SidecarOptions options) => new(
        component.Name,
        driver,
        new GuardedDriver(driver, () => policies.Component(component.Name, ComponentBlocks.Statestore, FlowDirection.Outbound)),
        PrefixFor(component.Metadata.Find("keyPrefix") ?? "appid", component.Name, options),
        StateEncryption.From(component.Resource, component.Metadata),
        OutboxSettings.From(component.Metadata, options));

    /// <summary>The key as it is stored, or why it cannot be one.</summary>
    public DaprError? Locate(string key, out string stored)
    {
        stored = "";
        if (key.Contains(Separator, StringComparison.Ordinal))
            return StateErrors.IllegalKey(Name, key, key);
        // A prefix text of the component's metadata may be illegal too; its own separator ends it.
        if (Prefix.Length > 0 && Prefix.IndexOf(Separator, StringComparison.Ordinal) != Prefix.Length - Separator.Length)
            return StateErrors.IllegalKey(Name, key, Prefix[..^Separator.Length]);

        stored = string.Concat(Prefix, key);
        return null;
    }

    /// <summary>Decrypts an item of an encrypted store; false with the reason if that cannot be done.</summary>
    public bool TryOpen(ref StateItem? item, [NotNullWhen(false)] out string? problem)
    {
        problem = null;
        if (item is null || Encryption is null)
            return true;
        if (!Encryption.TryOpen(item.Value.Span, out var value, out problem))
            return false;
        item = item with { Value = value };
        return true;
    }

    private static string PrefixFor(string strategy, string name, SidecarOptions options) => strategy.ToLowerInvariant() switch
    {
        "none" => "",
        "name" => name + Separator,
        "namespace" when options.Namespace is { } space => $"{space}.{options.AppId}{Separator}",
        "appid" or "namespace" => options.AppId + Separator,
        var text => text + Separator,
    };
}
