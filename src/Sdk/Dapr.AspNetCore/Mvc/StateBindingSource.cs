using Microsoft.AspNetCore.Mvc.ModelBinding;

namespace Dapr;

/// <summary>Tells the binder which store and which route value were asked for.</summary>
internal sealed class StateBindingSource(string storeName, string? key) : BindingSource("state", "State", isGreedy: true, isFromRequest: false)
{
    public string StoreName { get; } = storeName;

    public string? Key { get; } = key;
}
