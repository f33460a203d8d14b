namespace Sidecar.Runtime.Tests.Resources;

/// <summary><c>kind: HTTPEndpoint</c> as it is read (contract 4.6).</summary>
public sealed class HttpEndpointTests
{
    [Fact]
    public void Every_field_is_read()
    {
        using var files = new ResourceFiles();
        files.Add("endpoint.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: HTTPEndpoint
            metadata:
              name: shop
            spec:
              version: v1alpha1
              baseUrl: https://api.example.com/v2
              headers:
              - name: Accept-Language
                value: en-US
              - name: x-key
                secretKeyRef:
                  name: shop
                  key: api
              - name: x-env
                envRef: SHOP
              clientTLS:
                rootCA:
                  secretKeyRef: { name: root }
                certificate:
                  value: PEM
                privateKey:
                  value: PEM
                renegotiation: OnceAsClient
            auth:
              secretStore: secrets
            scopes:
            - orders
            """);

        var endpoint = Assert.Single(files.LoadWell().HttpEndpoints);

        Assert.Equal(("shop", "https://api.example.com/v2", "secrets"), (endpoint.Name, endpoint.BaseUrl.OriginalString, endpoint.SecretStore));
        Assert.Equal([("Accept-Language", "en-US", null, null), ("x-key", null, "shop/api", null), ("x-env", null, null, "SHOP")],
            endpoint.Headers.Select(header => (header.Name, header.Value, header.SecretKeyRef is { } reference ? $"{reference.Name}/{reference.Key}" : null, header.EnvRef)));
        Assert.Equal("root", endpoint.ClientTls!.RootCa!.SecretKeyRef!.Key);
        Assert.Equal(("PEM", "PEM", true), (endpoint.ClientTls.Certificate!.Value, endpoint.ClientTls.PrivateKey!.Value, endpoint.ClientTls.AllowRenegotiation));
        files.AppId = "somebody-else";
        Assert.Empty(files.LoadWell().HttpEndpoints);
    }

    [Theory]
    [InlineData("spec: {}", "spec.baseUrl: expected a text; this field is required")]
    [InlineData("spec: { baseUrl: shop }", "spec.baseUrl: expected a URL such as https://example.com, found 'shop'")]
    [InlineData("spec: { baseUrl: 'ftp://shop' }", "spec.baseUrl: expected a URL such as https://example.com, found 'ftp://shop'")]
    [InlineData("spec: { baseUrl: 'http://shop', clientTLS: { certificate: { value: a } } }", "spec.clientTLS.privateKey: expected certificate and privateKey together")]
    [InlineData("spec: { baseUrl: 'http://shop', clientTLS: { renegotiation: Sometimes } }", "spec.clientTLS.renegotiation: expected Never, OnceAsClient or FreelyAsClient, found 'Sometimes'")]
    [InlineData("spec: { baseUrl: 'http://shop', header: [] }", "spec.header: unknown field")]
    [InlineData("scopes: []", "spec.baseUrl: expected a text; this field is required")]
    public void What_is_wrong_is_told_with_its_field(string rest, string message)
    {
        using var files = new ResourceFiles();
        files.Add("endpoint.yaml", $"apiVersion: dapr.io/v1alpha1\nkind: HTTPEndpoint\nmetadata:\n  name: shop\n{rest}\n");

        Assert.Contains(files.LoadProblems(), problem => $"{problem.Field}: {problem.Message}".StartsWith(message, StringComparison.Ordinal));
    }
}
