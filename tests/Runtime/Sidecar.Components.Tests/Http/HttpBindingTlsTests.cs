using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Sidecar.Components.Bindings;
using Sidecar.Components.Http;
using TestSupport;

namespace Sidecar.Components.Tests.Http;

/// <summary>A service that is reached by TLS, and asks for a certificate.</summary>
public sealed class HttpBindingTlsTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly int _port = FreePorts.Next();
    private readonly X509Certificate2 _root = SelfSigned("CN=127.0.0.1");
    private readonly X509Certificate2 _client = SelfSigned("CN=client");
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
        _root.Dispose();
        _client.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Certificates_come_as_text_or_from_files(bool fromFiles)
    {
        string[] pems = [_root.ExportCertificatePem(), _client.ExportCertificatePem(), _client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()];
        if (fromFiles)
            pems = [.. pems.Select((pem, index) => Path.GetFileName(_folder.Write($"{index}.pem", pem)))];
        await using var binding = await StartAsync(("MTLSRootCA", pems[0]), ("MTLSClientCert", pems[1]), ("MTLSClientKey", pems[2]), ("MTLSRenegotiation", "RenegotiateOnceAsClient"));

        Assert.Equal("by tls"u8.ToArray(), (await InvokeAsync(binding))!.Data.ToArray());
    }

    [Fact]
    public async Task Without_them_there_is_no_connection()
    {
        await using var stranger = await StartAsync();
        await using var nameless = await StartAsync(("MTLSRootCA", _root.ExportCertificatePem()));

        Assert.Contains("certificate", (await Assert.ThrowsAsync<ComponentException>(() => InvokeAsync(stranger))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ComponentException>(() => InvokeAsync(nameless));
    }

    private async Task<HttpBinding> StartAsync(params (string, string)[] metadata)
    {
        var binding = new HttpBinding();
        await binding.InitAsync(Contexts.For(_folder, metadata: [("url", $"https://127.0.0.1:{_port}"), .. metadata]), CancellationToken.None);
        return binding;
    }

    private static async Task<BindingReply?> InvokeAsync(HttpBinding binding) =>
        await binding.InvokeAsync(new BindingRequest("get", default, new Dictionary<string, string>()), CancellationToken.None);

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
