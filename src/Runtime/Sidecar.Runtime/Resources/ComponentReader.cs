using Sidecar.Components;
using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources;

/// <summary><c>kind: Component</c> (contract section 4.2).</summary>
internal static class ComponentReader
{
    private static readonly TimeSpan DefaultInitTimeout = TimeSpan.FromSeconds(5);

    public static ComponentResource? Read(ResourceHeader header, YamlFields fields)
    {
        var scopes = fields.Texts("scopes");
        var secretStore = SecretStore(fields);
        fields.Allow("spec");
        ComponentResource? component = null;
        if (fields.Object("spec") is { } spec)
        {
            var lines = new List<int>();
            component = new ComponentResource(header.Origin, header.Name, spec.RequiredText("type"))
            {
                Namespace = header.Namespace,
                Version = spec.Text("version") ?? "",
                IgnoreErrors = spec.Flag("ignoreErrors"),
                InitTimeout = InitTimeout(spec),
                Metadata = [.. spec.Objects("metadata").Select(item => MetadataItem(item, lines))],
                MetadataLines = lines,
                SpecLine = spec.LineOf("type"),
                SecretStore = secretStore,
                Scopes = scopes,
            };
            spec.RefuseUnknown();
        }
        else if (fields.Node("spec") is null)
        {
            fields.Problems.Error(fields.LineOf("spec"), "spec.type", "expected a text; this field is required");
        }

        fields.RefuseUnknown();
        return component;
    }

    /// <summary><c>auth.secretStore</c>.</summary>
    public static string? SecretStore(YamlFields fields)
    {
        if (fields.Object("auth") is not { } auth)
            return null;
        var store = auth.Text("secretStore");
        auth.RefuseUnknown();
        return string.IsNullOrEmpty(store) ? null : store;
    }

    private static TimeSpan InitTimeout(YamlFields spec)
    {
        if (spec.Text("initTimeout") is not { Length: > 0 } text)
            return DefaultInitTimeout;
        if (GoText.TryParseDuration(text, out var duration) && duration > TimeSpan.Zero)
            return duration;
        spec.Problems.Odd(spec.LineOf("initTimeout"), spec.PathOf("initTimeout"), $"expected a duration such as 5s or 1m30s, found '{text}'; 5s is used");
        return DefaultInitTimeout;
    }

    /// <summary>A name with one of value, secretKeyRef and envRef.</summary>
    public static ComponentMetadataItem MetadataItem(YamlFields item, List<int> lines)
    {
        lines.Add(item.Line);
        var name = item.RequiredText("name");
        var given = (item.Has("value") ? 1 : 0) + (item.Has("secretKeyRef") ? 1 : 0) + (item.Has("envRef") ? 1 : 0);
        if (given != 1)
            item.Problems.Odd(item.LineOf("name"), item.PathOf("value"), $"expected one of value, secretKeyRef and envRef, found {(given == 0 ? "none" : given)}");
        var value = item.Node("value") is { } node ? YamlText.Of(node) : item.Has("value") ? "" : null;
        var secret = item.Object("secretKeyRef") is { } reference ? SecretReference(reference) : null;
        var result = new ComponentMetadataItem(name, value, secret, item.Text("envRef"));
        item.RefuseUnknown();
        return result;
    }

    public static SecretKeyRef SecretReference(YamlFields reference)
    {
        var name = reference.RequiredText("name");
        var key = reference.Text("key");
        reference.RefuseUnknown();
        return new SecretKeyRef(name, string.IsNullOrEmpty(key) ? name : key);
    }
}
