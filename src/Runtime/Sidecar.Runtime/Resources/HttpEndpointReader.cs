using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources;

/// <summary><c>kind: HTTPEndpoint</c> (contract section 4.6).</summary>
internal static class HttpEndpointReader
{
    public static HttpEndpointResource? Read(ResourceHeader header, YamlFields fields)
    {
        var scopes = fields.Texts("scopes");
        var secretStore = ComponentReader.SecretStore(fields);
        HttpEndpointResource? endpoint = null;
        if (fields.Object("spec") is { } spec)
        {
            spec.Allow("version");
            var lines = new List<int>();
            if (BaseUrl(spec) is { } baseUrl)
            {
                endpoint = new HttpEndpointResource(header.Origin, header.Name, baseUrl)
                {
                    Namespace = header.Namespace,
                    Headers = [.. spec.Objects("headers").Select(item => ComponentReader.MetadataItem(item, lines))],
                    ClientTls = spec.Object("clientTLS") is { } tls ? ClientTls(tls) : null,
                    SecretStore = secretStore,
                    Scopes = scopes,
                };
                spec.RefuseUnknown();
            }
        }
        else if (fields.Node("spec") is null)
        {
            fields.Problems.Error(fields.LineOf("spec"), "spec.baseUrl", "expected a text; this field is required");
        }

        fields.RefuseUnknown();
        return endpoint;
    }

    private static Uri? BaseUrl(YamlFields spec)
    {
        var text = spec.RequiredText("baseUrl");
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps))
            return url;
        if (text.Length > 0)
            spec.Problems.Error(spec.LineOf("baseUrl"), spec.PathOf("baseUrl"), $"expected a URL such as https://example.com, found '{text}'");
        return null;
    }

    private static HttpEndpointTls ClientTls(YamlFields tls)
    {
        var result = new HttpEndpointTls(
            Pem(tls, "rootCA"), Pem(tls, "certificate"), Pem(tls, "privateKey"),
            tls.Choice("renegotiation", "Never", "OnceAsClient", "FreelyAsClient") is "OnceAsClient" or "FreelyAsClient");
        if (result.Certificate is null != result.PrivateKey is null)
            tls.Problems.Error(tls.LineOf("certificate"), tls.PathOf("privateKey"), "expected certificate and privateKey together");
        tls.RefuseUnknown();
        return result;
    }

    private static ComponentMetadataItem? Pem(YamlFields tls, string name)
    {
        if (tls.Object(name) is not { } item)
            return null;
        var value = item.Text("value");
        var secret = item.Object("secretKeyRef") is { } reference ? ComponentReader.SecretReference(reference) : null;
        item.RefuseUnknown();
        return value is null && secret is null ? null : new ComponentMetadataItem(name, value, secret, null);
    }
}
