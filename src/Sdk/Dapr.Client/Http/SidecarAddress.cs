using System.Text;

namespace Dapr.Client;

/// <summary>Builds addresses of the sidecar's API. Every part is escaped, so that a key with a slash stays one segment.</summary>
internal ref struct SidecarAddress
{
    private readonly StringBuilder _text;
    private char _separator = '?';

    public SidecarAddress(string root, string route)
    {
        _text = new StringBuilder(root, 256).Append(route);
    }

    public readonly SidecarAddress Segment(string value)
    {
        _text.Append('/').Append(Uri.EscapeDataString(value));
        return this;
    }

    public SidecarAddress Query(string name, string? value)
    {
        if (value is null)
            return this;
        _text.Append(_separator).Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
        _separator = '&';
        return this;
    }

    /// <summary>Request metadata travel as <c>metadata.name=value</c>.</summary>
    public SidecarAddress Metadata(IReadOnlyDictionary<string, string>? metadata)
    {
        var address = this;
        foreach (var (name, value) in metadata ?? System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty)
            address = address.Query("metadata." + name, value);
        return address;
    }

    public readonly Uri ToUri() => new(_text.ToString());
}
