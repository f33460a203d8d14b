using Dapr;
using Microsoft.AspNetCore.Mvc.ModelBinding;

namespace Microsoft.AspNetCore.Mvc;

/// <summary>
/// Binds a parameter or property of a controller to a value of a state store, as the value itself or as <see cref="StateEntry{TValue}"/>.
/// The key is a route value.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public class FromStateAttribute : Attribute, IBindingSourceMetadata
{
    /// <summary>The key is the route value named as the parameter.</summary>
    public FromStateAttribute(string storeName)
    {
        ArgumentException.ThrowIfNullOrEmpty(storeName);
        StoreName = storeName;
    }

    /// <summary>The key is the route value named <paramref name="key"/>.</summary>
    public FromStateAttribute(string storeName, string key)
        : this(storeName) => Key = key;

    /// <summary>The state store's component name.</summary>
    public string StoreName { get; }

    /// <summary>Name of the route value that holds the key; null = that of the parameter.</summary>
    public string? Key { get; }

    /// <inheritdoc/>
    public BindingSource BindingSource => new StateBindingSource(StoreName, Key);
}
