using System.Text;
using System.Text.Json.Nodes;
using Google.Rpc;
using Sidecar.Components.State;
using Sidecar.Grpc;
using Sidecar.Runtime.Tests.Hosting;
using Sidecar.Runtime.Tests.PubSub;
using Sidecar.Runtime.Tests.State;
using TestSupport;

namespace Sidecar.Runtime.Tests.Errors;

/// <summary>The same failure gives the same reason over HTTP and gRPC (contract 2.2, 3.5).</summary>
public sealed class SameFailureTests(SameFailureTests.Sidecars sidecars) : IClassFixture<SameFailureTests.Sidecars>
{
    public static TheoryData<string> Names { get; } = [.. FailureTable.All.Select(failure => failure.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    [Contract(5, 11, 12, 13, 14)]
    public async Task A_failure_is_told_alike_over_both_protocols(string name)
    {
        var failure = FailureTable.All.Single(failure => failure.Name == name);
        var sidecar = failure.OnBare ? sidecars.Bare : sidecars.Full;

        var (status, body) = await SendAsync(sidecar.Client, failure);
        var grpc = await failure.Grpc(sidecar.Channel);

        Assert.Equal((failure.Status, failure.ErrorCode), (status, (string?)body["errorCode"]));
        Assert.Equal((failure.Code, (string?)body["message"]), (grpc.Code, grpc.Message));
        Assert.Equal(failure.Told == Told.Reason ? failure.Reason : null, (string?)Detail(body, "ErrorInfo")?["reason"]);
        Assert.Equal(failure.Told == Told.Nothing ? null : failure.Reason, grpc.Detail<ErrorInfo>()?.Reason);
        if (failure.Told != Told.Reason)
            Assert.Null(body["details"]);
        else
            AssertSameDetails(body, grpc);
    }

    [Fact]
    public void Every_failure_has_a_name_of_its_own() => Assert.Equal(FailureTable.All.Count, FailureTable.All.Select(failure => failure.Name).Distinct().Count());

    private static void AssertSameDetails(JsonNode body, GrpcStatus grpc)
    {
        var (info, reason) = (Detail(body, "ErrorInfo")!, grpc.Detail<ErrorInfo>()!);
        Assert.Equal(("dapr.io", "dapr.io"), ((string?)info["domain"], reason.Domain));

        // An unknown state store tells the app-id over HTTP alone (contract 2.2).
        if (reason.Reason == "DAPR_STATE_NOT_FOUND")
            Assert.Equal(("""{"appID":"me"}""", 0), (info["metadata"]!.ToJsonString(), reason.Metadata.Count));
        else
            Assert.Equal(Pairs(info["metadata"]), reason.Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, pair.Value)));

        var (resource, sameResource) = (Detail(body, "ResourceInfo"), grpc.Detail<ResourceInfo>());
        Assert.Equal(
            resource is null ? null : ((string?)resource["resource_type"], (string?)resource["resource_name"], (string?)resource["owner"], (string?)resource["description"]),
            sameResource is null ? default((string?, string?, string?, string?)?) : (sameResource.ResourceType, sameResource.ResourceName, sameResource.Owner, sameResource.Description));
        Assert.Equal(
            Detail(body, "BadRequest")?["field_violations"]!.AsArray().Select(violation => ((string?)violation!["field"], (string?)violation["description"])),
            grpc.Detail<BadRequest>()?.FieldViolations.Select(violation => ((string?)violation.Field, (string?)violation.Description)));
        Assert.Equal(
            Detail(body, "Help")?["links"]!.AsArray().Select(link => ((string?)link!["url"], (string?)link["description"])),
            grpc.Detail<Help>()?.Links.Select(link => ((string?)link.Url, (string?)link.Description)));
        Assert.Equal(body["details"]!.AsArray().Count, grpc.Details.Count);
    }

    private static IEnumerable<(string, string)> Pairs(JsonNode? metadata) =>
        metadata is null ? [] : metadata.AsObject().OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, (string)pair.Value!));

    private static JsonNode? Detail(JsonNode body, string type) =>
        body["details"]?.AsArray().SingleOrDefault(detail => (string?)detail!["@type"] == $"type.googleapis.com/google.rpc.{type}");

    private static async Task<(int Status, JsonNode Body)> SendAsync(HttpClient client, Failure failure)
    {
        var parts = failure.Http.Split(' ');
        using var request = new HttpRequestMessage(new HttpMethod(parts[0]), parts[1]);
        if (failure.Body.Length > 0)
            request.Content = new StringContent(failure.Body, Encoding.UTF8, failure.ContentType);
        if (failure.ETag.Length > 0)
            request.Headers.TryAddWithoutValidation("If-Match", failure.ETag);
        using var response = await client.SendAsync(request);
        return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    /// <summary>A sidecar with components of which each fails in its way, and one without any.</summary>
    public sealed class Sidecars : IAsyncLifetime
    {
        private readonly TempFolder _folder = new();
        private readonly TempFolder _empty = new();

        internal TestSidecar Full { get; private set; } = null!;

        internal TestSidecar Bare { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            _folder.Write("config.yaml", """
                apiVersion: dapr.io/v1alpha1
                kind: Configuration
                metadata: { name: config }
                spec:
                  secrets:
                    scopes: [{ storeName: vault, deniedSecrets: [hidden] }]
                """);
            var drivers = new TestDrivers(_folder);
            drivers.AddStore("store");
            drivers.AddStore("broken", new MemoryStateStore { Fault = new InvalidOperationException("disk full") });
            drivers.AddStore("plain", new MemoryStateStore { Features = StateFeatures.ETag });
            drivers.AddStore("small", new MemoryStateStore { MaxOperationsPerTransaction = 1 });
            drivers.AddStore("boxed", null, ("outboxPublishPubsub", "pubsub"), ("outboxPublishTopic", "orders"));
            var broker = new TestBroker { Refuses = message => message.Topic is "full" or "meordersoutbox" ? new InvalidOperationException("no room") : null };
            drivers.AddBroker("pubsub", broker, ("protectedTopics", "closed"));
            drivers.AddSecrets("vault");
            drivers.AddSecrets("jammed").Fault = new InvalidOperationException("jammed");
            Full = await drivers.StartAsync();
            Bare = await TestSidecar.StartAsync(_empty);
        }

        public async ValueTask DisposeAsync()
        {
            await Full.DisposeAsync();
            await Bare.DisposeAsync();
            _folder.Dispose();
            _empty.Dispose();
        }
    }
}
