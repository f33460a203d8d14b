using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Sidecar.Components.PubSub;
using Sidecar.Components.RabbitMq;
using TestSupport;
using TestSupport.Brokers;

namespace Sidecar.Components.Tests.RabbitMq;

/// <summary>What cannot work is told at once, with the field or the resource at fault.</summary>
public sealed class RabbitMqRefusalTests : RabbitMqTest
{
    [Theory]
    [InlineData("deliveryMode", "3", "'deliveryMode'")]
    [InlineData("prefetchCount", "256", "'prefetchCount'")]
    [InlineData("concurrencyMode", "some", "'concurrencyMode'")]
    [InlineData("exchangeKind", "x-thing", "'exchangeKind'")]
    [InlineData("maxLen", "-1", "'maxLen'")]
    [InlineData("ttlInSeconds", "soon", "'ttlInSeconds'")]
    [InlineData("heartBeat", "often", "'heartBeat'")]
    [InlineData("reconnectWaitSeconds", "-1", "'reconnectWaitSeconds'")]
    [InlineData("saslExternal", "true", "'caCert'")]
    [InlineData("connectionString", "http://localhost", "'connectionString'")]
    [InlineData("connectionString", "amqp://u:sec/ret@h", "'connectionString'")]
    [InlineData("connectionString", "amqps://guest:x@localhost", "'caCert'", "caCert", "no PEM")]
    public async Task A_field_that_is_wrong_is_named(string field, string value, string named, params string[] more)
    {
        (string, string)[] metadata = more.Length == 0 ? [(field, value)] : [(field, value), (more[0], more[1])];
        var failure = await Assert.ThrowsAsync<ComponentException>(() => OpenAsync(metadata));
        Assert.Contains(named, failure.Message);
        Assert.DoesNotContain("ret@h", failure.Message);
    }

    [Fact]
    public async Task A_wrong_password_is_told_at_once_and_not_repeated()
    {
        var failure = await Assert.ThrowsAsync<ComponentException>(() => OpenAsync(("connectionString", $"amqp://guest:wrong-secret@{Server.Address}")));

        Assert.Contains($"RabbitMQ at 127.0.0.1:{Server.Port} refuses the user 'guest'", failure.Message);
        Assert.DoesNotContain("wrong-secret", failure.ToString());
        Assert.DoesNotContain("wrong-secret", string.Join('\n', Log.Lines));
    }

    [Fact]
    public async Task An_address_can_be_given_in_parts()
    {
        var pubSub = await OpenAsync(("connectionString", ""), ("hostname", Server.Address), ("username", "guest"), ("password", Server.Password), ("clientName", Prefix + "name"));
        await PublishAsync(pubSub, "t", "1");

        Assert.Equal(["name"], await ListAsync("list_connections", "client_properties") is [var one] ? [one.Contains("\"connection_name\",\"name\"", StringComparison.Ordinal) ? "name" : one] : []);
        await Assert.ThrowsAsync<ComponentException>(() => OpenAsync(("connectionString", ""), ("hostname", Server.Address), ("username", "guest"), ("password", "wrong")));
    }

    [Fact]
    public async Task A_virtual_host_that_is_missing_is_named()
    {
        var failure = await Assert.ThrowsAsync<ComponentException>(() => OpenAsync(("connectionString", $"{Server.Metadata["connectionString"]}/nowhere")));

        Assert.Contains("refuses the virtual host 'nowhere' to the user 'guest'", failure.Message);
        Assert.DoesNotContain(Server.Password, failure.ToString());
    }

    [Fact]
    public async Task A_broker_that_is_not_up_yet_is_waited_for_and_named()
    {
        await using var relay = new CuttableRelay(Server.Port);
        relay.Refuse();
        var pubSub = Owned(new RabbitMqPubSub());
        var starting = pubSub.InitAsync(Context(null, ("connectionString", $"amqp://guest:{Server.Password}@127.0.0.1:{relay.Port}")), CancellationToken.None);
        await Eventually.TrueAsync(() => Log.Lines.Any(line => line.Contains($"Waiting for RabbitMQ: RabbitMQ at 127.0.0.1:{relay.Port} cannot be reached", StringComparison.Ordinal)), "a line that says what is waited for");
        Assert.False(starting.IsCompleted);
        relay.Accept();

        await starting.WithinAsync("the start of the component");
        Assert.DoesNotContain(Server.Password, string.Join('\n', Log.Lines));
    }

    [Fact]
    public async Task Waiting_for_a_broker_ends_with_the_token()
    {
        using var limit = new CancellationTokenSource();
        var starting = Owned(new RabbitMqPubSub()).InitAsync(Context(null, ("connectionString", $"amqp://127.0.0.1:{FreePorts.Next()}")), limit.Token);
        await Eventually.TrueAsync(() => Log.Lines.Count > 0, "a line that says what is waited for");
        await limit.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting.WithinAsync("the end of the start"));
    }

    [Theory]
    [InlineData("queueType", "stream", "'queueType'")]
    [InlineData("maxPriority", "high", "'maxPriority'")]
    [InlineData("maxLenBytes", "1.5", "'maxLenBytes'")]
    public async Task Subscription_metadata_without_meaning_is_named(string name, string value, string named)
    {
        var pubSub = await OpenAsync();
        var failure = await Assert.ThrowsAsync<ComponentException>(() => SubscribeAsync(pubSub, "t", (name, value)));
        Assert.Contains(named, failure.Message);
    }

    [Fact]
    public async Task A_queue_with_other_arguments_is_named_with_the_argument()
    {
        await SubscribeAsync(await OpenAsync(), "t");
        var other = await OpenAsync(("maxLen", "10"));
        var failure = await Assert.ThrowsAsync<ComponentException>(() => SubscribeAsync(other, "t"));

        Assert.Contains($"the queue '{Prefix}app-{Prefix}t' of topic '{Prefix}t' exists with other settings", failure.Message);
        Assert.Contains("x-max-length", failure.Message);
    }

    [Fact]
    public async Task An_exchange_of_another_kind_is_named_and_other_topics_go_on()
    {
        var pubSub = await OpenAsync(("publisherConfirm", "true"));
        var arrivals = await SubscribeAsync(pubSub, "good");
        await (await BareChannelAsync()).ExchangeDeclareAsync(Prefix + "t", "topic", durable: true, autoDelete: true);

        var failing = Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            var failure = await Assert.ThrowsAsync<ComponentException>(() => PublishAsync(pubSub, "t", "bad"));
            Assert.Contains($"the exchange '{Prefix}t' exists with other settings", failure.Message);
        }));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(number => PublishAsync(pubSub, "good", $"{number}")));
        await failing;

        HashSet<string> arrived = [];
        while (arrived.Count < 20)
            arrived.Add(await arrivals.NextTextAsync());
        Assert.DoesNotContain(Log.Lines, line => line.Contains("Publishing to topic", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Names_that_no_exchange_can_have_are_refused()
    {
        var pubSub = await OpenAsync();
        await Assert.ThrowsAsync<ComponentException>(() => PublishAsync(pubSub, new string('t', 255), "1"));
        await Assert.ThrowsAsync<ComponentException>(() => pubSub.PublishAsync(new PubSubMessage("", default, null, NoMetadata), CancellationToken.None).AsTask());
        await Assert.ThrowsAsync<ComponentException>(() => SubscribeAsync(pubSub, new string('t', 255)));
        var reserved = await Assert.ThrowsAsync<ComponentException>(() => pubSub.PublishAsync(new PubSubMessage("amq.mine", default, null, NoMetadata), CancellationToken.None).AsTask());
        Assert.Contains("amq.", reserved.Message);
    }

    [Fact]
    public async Task Over_tls_the_certificate_and_its_name_count_and_ours_is_shown()
    {
        using var root = SelfSigned("localhost");
        using var client = SelfSigned("client");
        var port = FreePorts.Next();
        await using var front = TlsFront(port, root, client);
        await front.StartAsync();
        (string, string)[] ours = [("clientCert", client.ExportCertificatePem()), ("clientKey", client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem())];
        (string, string) to(string host) => ("connectionString", $"amqps://guest:{Server.Password}@{host}:{port}");

        var pubSub = await OpenAsync([to("localhost"), ("caCert", root.ExportCertificatePem()), .. ours]);
        var arrivals = await SubscribeAsync(pubSub, "t");
        await PublishAsync(pubSub, "t", "by tls");
        Assert.Equal("by tls", await arrivals.NextTextAsync());

        await RefusedAsync([to("localhost"), .. ours]);
        await RefusedAsync([to("localhost"), ("caCert", client.ExportCertificatePem()), .. ours]);
        await RefusedAsync([to("127.0.0.1"), ("caCert", root.ExportCertificatePem()), .. ours]);
    }

    private async Task RefusedAsync((string, string)[] metadata) =>
        Assert.Contains("a certificate that is not trusted", (await Assert.ThrowsAsync<ComponentException>(() => OpenAsync(metadata))).Message);

    /// <summary>TLS in front of the broker.</summary>
    private WebApplication TlsFront(int port, X509Certificate2 certificate, X509Certificate2 client)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(server => server.Listen(IPAddress.Loopback, port, listen =>
        {
            listen.Protocols = HttpProtocols.None;
            listen.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificate = certificate,
                ClientCertificateMode = ClientCertificateMode.RequireCertificate,
                ClientCertificateValidation = (shown, _, _) => shown.Thumbprint == client.Thumbprint,
            });
            listen.Run(async connection =>
            {
                using var broker = new System.Net.Sockets.TcpClient();
                await broker.ConnectAsync(IPAddress.Loopback, Server.Port);
                var stream = broker.GetStream();
                await Task.WhenAny(connection.Transport.Input.CopyToAsync(stream), stream.CopyToAsync(connection.Transport.Output.AsStream()));
            });
        }));
        return builder.Build();
    }

    private static X509Certificate2 SelfSigned(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
