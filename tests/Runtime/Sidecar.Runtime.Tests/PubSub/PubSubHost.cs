using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sidecar.Components;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Metadata;
using Sidecar.Runtime.PubSub;
using Sidecar.Runtime.PubSub.Subscriptions;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Tests.PubSub;

/// <summary>The pub/sub slice on a real port, between a test broker named <c>pubsub</c> and a real little app.</summary>
internal sealed class PubSubHost : IAsyncDisposable
{
    public const string AppId = "shop";

    private readonly WebApplication _server;
    private readonly HttpClient _client;

    private PubSubHost(WebApplication server, TestBroker broker, TestApp app)
    {
        _server = server;
        _client = new HttpClient { BaseAddress = new Uri(server.Urls.First()) };
        Broker = broker;
        App = app;
    }

    public TestBroker Broker { get; }

    public TestApp App { get; }

    public Uri Address => _client.BaseAddress!;

    public ITopics Topics => _server.Services.GetRequiredService<ITopics>();

    public ComponentRegistry Components => _server.Services.GetRequiredService<ComponentRegistry>();

    public ISidecarFeature Feature => _server.Services.GetRequiredService<SubscriptionFeature>();

    /// <summary>What a test may decide about the sidecar.</summary>
    internal sealed class Setup
    {
        public TestBroker Broker { get; init; } = new();

        /// <summary>Name of the one component; null = none at all.</summary>
        public string? ComponentName { get; init; } = "pubsub";

        public IReadOnlyList<(string Name, string Value)> ComponentMetadata { get; init; } = [];

        public IReadOnlyList<SubscriptionResource> Declared { get; init; } = [];

        public IReadOnlyList<ResiliencyResource> Resiliencies { get; init; } = [];

        public string? AppSubscriptions { get; init; }

        public bool HasApp { get; init; } = true;

        public long MaxBodySize { get; init; } = 4 * 1024 * 1024;

        public TimeProvider Time { get; init; } = TimeProvider.System;

        public System.Diagnostics.ActivitySource Spans { get; init; } = Sidecar.Runtime.Telemetry.SidecarSpans.Default;

        public IReadOnlyList<string> DisabledInitEndpoints { get; init; } = [];

        public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

        public int SubscribeStatus { get; init; } = 200;

        /// <summary>False leaves it to the test to let the app become ready.</summary>
        public bool AppReady { get; init; } = true;
    }

    public static Task<PubSubHost> StartAsync() => StartAsync(new Setup());

    /// <summary>With one declarative subscription: topic <c>orders</c> to <c>/orders</c>.</summary>
    public static Task<PubSubHost> StartSubscribedAsync(TestBroker? broker = null, string? deadLetterTopic = null) =>
        StartAsync(new Setup { Broker = broker ?? new(), Declared = [Declare("orders", "/orders") with { DeadLetterTopic = deadLetterTopic }] });

    public static SubscriptionResource Declare(string topic, string? route, params RouteRule[] rules) =>
        new(new ResourceOrigin("subscriptions.yaml", 1), $"{topic}-subscription", "pubsub", topic) { DefaultRoute = route, Rules = rules };

    [SuppressMessage("Reliability", "CA2000", Justification = "The host owns and disposes them.")]
    public static async Task<PubSubHost> StartAsync(Setup setup)
    {
        var app = await TestApp.StartAsync(setup.HasApp);
        app.Subscriptions = setup.AppSubscriptions;
        app.SubscribeStatus = setup.SubscribeStatus;

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(server => server.Limits.MaxRequestBodySize = setup.MaxBodySize);
        builder.Services
            .AddSingleton(new SidecarOptions
            {
                AppId = AppId,
                MaxBodySize = setup.MaxBodySize,
                DisabledInitEndpoints = setup.DisabledInitEndpoints,
                Environment = setup.Environment,
                Spans = setup.Spans,
            })
            .AddSingleton(setup.Time)
            .AddSingleton<IAppChannel>(app)
            .AddSingleton(provider => new GrpcAppChannel(app, provider.GetRequiredService<SidecarOptions>()))
            .AddSingleton(new LiveResources(new ResourceSet { Subscriptions = setup.Declared, Resiliencies = setup.Resiliencies }))
            .AddSingleton(RegistryWith(setup))
            .AddPubSub();
        var server = builder.Build();
        server.MapPubSub();
        await server.StartAsync();

        var host = new PubSubHost(server, setup.Broker, app);
        await host.Feature.OnComponentsLoadedAsync(CancellationToken.None);
        if (setup.AppReady)
            await host.Feature.OnAppReadyAsync(CancellationToken.None);
        return host;
    }

    /// <param name="path">Component, topic and query, escaped: sent as it stands.</param>
    public Task<HttpResponseMessage> PublishAsync(string path, byte[] body, string? contentType = null, params (string Name, string Value)[] headers) =>
        PostAsync($"v1.0/publish/{path}", body, contentType, headers);

    public Task<HttpResponseMessage> BulkPublishAsync(string path, string body, string version = "v1.0", params (string Name, string Value)[] headers) =>
        PostAsync($"{version}/publish/bulk/{path}", Encoding.UTF8.GetBytes(body), "application/json", headers);

    public async Task<HttpResponseMessage> PostAsync(string path, byte[] body, string? contentType = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Post,
            new Uri($"{_client.BaseAddress}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
        {
            Content = new ByteArrayContent(body),
        };
        if (contentType is not null)
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        return await _client.SendAsync(request);
    }

    public Task<HttpResponseMessage> PublishAsync(string path, string body, string? contentType = null, params (string Name, string Value)[] headers) =>
        PublishAsync(path, Encoding.UTF8.GetBytes(body), contentType, headers);

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => _client.SendAsync(request);

    /// <summary>Publishes, expects 204, and returns the one message that the broker has then.</summary>
    public async Task<JsonElement> PublishedEventAsync(string path, string body, string? contentType = null, params (string Name, string Value)[] headers)
    {
        using var response = await PublishAsync(path, body, contentType, headers);
        Assert.Equal(204, (int)response.StatusCode);
        return JsonElement.Parse(Assert.Single(Broker.Published).Data.Span);
    }

    /// <summary>As a reload that has read other subscriptions.</summary>
    public async Task ReloadAsync(params SubscriptionResource[] declared)
    {
        var live = _server.Services.GetRequiredService<LiveResources>();
        var before = live.Current;
        live.Replace(before with { Subscriptions = declared });
        await Feature.OnResourcesChangedAsync(before, live.Current, CancellationToken.None);
    }

    /// <summary>As a reload that has read other policies.</summary>
    public async Task ReloadAsync(params ResiliencyResource[] resiliencies)
    {
        var live = _server.Services.GetRequiredService<LiveResources>();
        var before = live.Current;
        live.Replace(before with { Resiliencies = resiliencies });
        await Feature.OnResourcesChangedAsync(before, live.Current, CancellationToken.None);
    }

    /// <summary>As a reload that has found another component.</summary>
    public async Task AddComponentAsync(TestBroker broker, string name = "pubsub", params (string Name, string Value)[] metadata)
    {
        var added = Load(broker, name, metadata);
        Components.Add(added);
        await Feature.OnComponentAddedAsync(added, CancellationToken.None);
    }

    /// <summary>As a reload that misses a component.</summary>
    public async Task RemoveComponentAsync(string name = "pubsub")
    {
        var removed = Components.Find(name)!;
        Components.Remove(removed);
        await Feature.OnComponentRemovedAsync(removed, CancellationToken.None);
    }

    /// <summary>The <c>subscriptions</c> of the metadata API; null when the member is left out.</summary>
    public JsonArray? SubscriptionsInMetadata()
    {
        var metadata = new JsonObject();
        _server.Services.GetRequiredService<IMetadataContributor>().Contribute(metadata);
        return metadata["subscriptions"]?.AsArray();
    }

    public async ValueTask DisposeAsync()
    {
        await Feature.OnStoppingAsync(CancellationToken.None);
        await _server.DisposeAsync();
        await App.DisposeAsync();
        _client.Dispose();
    }

    private static ComponentRegistry RegistryWith(Setup setup)
    {
        var registry = new ComponentRegistry();
        if (setup.ComponentName is { } name)
            registry.Add(Load(setup.Broker, name, setup.ComponentMetadata));
        return registry;
    }

    private static LoadedComponent Load(TestBroker broker, string name, IReadOnlyList<(string Name, string Value)> metadata)
    {
        var resource = new ComponentResource(new ResourceOrigin("pubsub.yaml", 1), name, "pubsub.test")
        {
            Metadata = [.. metadata.Select(item => new ComponentMetadataItem(item.Name, item.Value, null, null))],
        };
        var read = new ComponentMetadata(metadata.Select(item => KeyValuePair.Create(item.Name, item.Value)));
        return new LoadedComponent(resource, new ComponentType("pubsub.test", "v1", () => broker), broker, read);
    }
}
