using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Invocation;

/// <summary>HTTPEndpoints whose service is reached by TLS, and asks for a certificate.</summary>
public sealed class EndpointTlsTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly int _port = FreePorts.Next();
    private readonly X509Certificate2 _root = SelfSigned("CN=127.0.0.1");
    private readonly X509Certificate2 _client = SelfSigned("CN=client");
    private readonly X509Certificate2 _stranger = SelfSigned("CN=stranger");
    private WebApplication _service = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(server => server.Listen(IPAddress.Loopback, _port, listen => listen.UseHttps(new HttpsConnectionAdapterOptions
        {
            ServerCertificate = _root,
            ClientCertificateMode = ClientCertificateMode.RequireCertificate,
            ClientCertificateValidation = (certificate, _, _) => certificate.Thumbprint == _client.Thumbprint,
        })));
        _service = builder.Build();
        _service.Run(context => context.Response.WriteAsync("by tls"));
        await _service.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        foreach (var certificate in new[] { _root, _client, _stranger })
            certificate.Dispose();
        _folder.Dispose();
    }

    [Fact]
    [Contract(88)]
    public async Task Certificates_decide_whether_an_endpoint_answers_or_is_500()
    {
        Write("good", _root, _client);
        Write("unknown-root", null, _client);
        Write("wrong-root", _stranger, _client);
        Write("wrong-client", _root, _stranger);
        Write("no-client", _root, null);
        _folder.Write("components/broken.yaml", ExternalInvocationTests.Endpoint("broken", $"https://127.0.0.1:{_port}", "  clientTLS:\n    rootCA:\n      value: no pem\n"));
        await using var sidecar = await TestSidecar.StartAsync(_folder);

        Assert.Equal((200, "by tls"), await sidecar.GetAsync("/v1.0/invoke/good/method/a"));
        foreach (var name in new[] { "unknown-root", "wrong-root", "wrong-client", "no-client", "broken" })
        {
            var (status, body) = await sidecar.GetAsync($"/v1.0/invoke/{name}/method/a");
            Assert.Equal(500, status);
            Assert.Contains($"\"ERR_DIRECT_INVOKE\",\"message\":\"failed to invoke, id: {name}, err: ", body, StringComparison.Ordinal);
        }

        Assert.Contains("HTTPEndpoint broken", await sidecar.LineAsync("cannot be called: clientTLS"), StringComparison.Ordinal);
    }

    private void Write(string name, X509Certificate2? root, X509Certificate2? client) => _folder.Write(
        $"components/{name}.yaml",
        ExternalInvocationTests.Endpoint(name, $"https://127.0.0.1:{_port}", $"""
              clientTLS:
            {Pem("rootCA", root?.ExportCertificatePem())}
            {Pem("certificate", client?.ExportCertificatePem())}
            {Pem("privateKey", client?.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem())}
                renegotiation: Never
            """));

    private static string Pem(string name, string? pem) => pem is null ? "" : $"    {name}:\n      value: |\n        {pem.Replace("\n", "\n        ", StringComparison.Ordinal)}";

    private static X509Certificate2 SelfSigned(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var alternatives = new SubjectAlternativeNameBuilder();
        alternatives.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(alternatives.Build());
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        // With the key where every platform's TLS finds it.
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }
}
