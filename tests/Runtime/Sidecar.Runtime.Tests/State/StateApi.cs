using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sidecar.Components;
using Sidecar.Components.State;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.PubSub;
using Sidecar.Runtime.Resources;
using Sidecar.Runtime.State;

namespace Sidecar.Runtime.Tests.State;

/// <summary>The state block alone on a real web server.</summary>
internal sealed class StateApi : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly ComponentRegistry _components;

    private StateApi(WebApplication server, ComponentRegistry components, FakeTopics topics)
    {
        _server = server;
        _components = components;
        Topics = topics;
        Client = new HttpClient { BaseAddress = new Uri(server.Urls.Single()) };
    }

    public HttpClient Client { get; }

    public FakeTopics Topics { get; }

    public static Task<StateApi> StartAsync(IStateStore store, TimeProvider? time = null) => StartAsync([("store", store, [])], time);

    public static Task<StateApi> StartAsync(
        (string Name, IStateStore Store, (string, string)[] Metadata)[] stores,
        TimeProvider? time = null,
        string appId = "app",
        IReadOnlyDictionary<string, string>? environment = null,
        long? maxBodySize = null,
        ITopics? topics = null) =>
        StartLoadedAsync([.. stores.Select(store => Component(store.Name, store.Store, store.Metadata))], time, appId, environment, maxBodySize, topics);

    public static async Task<StateApi> StartLoadedAsync(
        IReadOnlyList<LoadedComponent> loaded,
        TimeProvider? time = null,
        string appId = "app",
        IReadOnlyDictionary<string, string>? environment = null,
        long? maxBodySize = null,
        ITopics? topics = null)
    {
        var components = new ComponentRegistry();
        foreach (var component in loaded)
            components.Add(component);
        var fake = new FakeTopics();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = maxBodySize);
        builder.Services.AddSingleton(components)
            .AddSingleton(new LiveResources(new ResourceSet()))
            .AddSingleton(new SidecarOptions { AppId = appId, Environment = environment ?? new Dictionary<string, string>() })
            .AddSingleton(topics ?? fake)
            .AddSingleton(time ?? TimeProvider.System)
            .AddState();
        var server = builder.Build();
        server.MapState();
        await server.StartAsync();
        var api = new StateApi(server, components, fake);
        await api.TellFeaturesAsync(feature => feature.OnComponentsLoadedAsync(CancellationToken.None));
        await api.TellFeaturesAsync(feature => feature.OnAppReadyAsync(CancellationToken.None));
        return api;
    }

    public static LoadedComponent Component(string name, IComponent component, params (string Name, string Value)[] metadata) =>
        Component(name, component, [.. metadata.Select(item => new ComponentMetadataItem(item.Name, item.Value, null, null))]);

    /// <param name="metadata">An item with a secret reference has the secret's text as its value.</param>
    public static LoadedComponent Component(string name, IComponent component, params ComponentMetadataItem[] metadata) => new(
        new ComponentResource(new ResourceOrigin("test.yaml", 1), name, "state.test") { Metadata = metadata },
        new ComponentType("state.test", "v1", () => component),
        component,
        new ComponentMetadata(metadata.Select(item => KeyValuePair.Create(item.Name, item.Value ?? ""))));

    /// <summary>A reload puts a component in.</summary>
    public Task AddAsync(LoadedComponent component)
    {
        _components.Add(component);
        return TellFeaturesAsync(feature => feature.OnComponentAddedAsync(component, CancellationToken.None));
    }

    /// <summary>A reload takes a component out.</summary>
    public Task RemoveAsync(LoadedComponent component)
    {
        _components.Remove(component);
        return TellFeaturesAsync(feature => feature.OnComponentRemovedAsync(component, CancellationToken.None));
    }

    /// <summary>A reload puts a successor in the place of a component, tells that the old one is gone, and then that there is a new one.</summary>
    public async Task ReplaceAsync(LoadedComponent old, LoadedComponent successor, Func<Task> between)
    {
        _components.Replace(old, successor);
        await TellFeaturesAsync(feature => feature.OnComponentRemovedAsync(old, CancellationToken.None));
        await between();
        await TellFeaturesAsync(feature => feature.OnComponentAddedAsync(successor, CancellationToken.None));
    }

    public Task<Reply> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Reply> PostAsync(string path, string body) => SendAsync(HttpMethod.Post, path, body);

    /// <summary>Saves in the store named <c>store</c>.</summary>
    public Task<Reply> SaveAsync(string body) => PostAsync("/v1.0/state/store", body);

    public Task<Reply> TransactAsync(string body) => PostAsync("/v1.0/state/store/transaction", body);

    public async Task<Reply> SendAsync(HttpMethod method, string path, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await Client.SendAsync(request);
        return new Reply(
            response.StatusCode,
            await response.Content.ReadAsStringAsync(),
            response.Content.Headers.ContentType?.ToString(),
            response.Headers.Concat(response.Content.Headers)
                .ToDictionary(header => header.Key, header => string.Join(",", header.Value), StringComparer.OrdinalIgnoreCase));
    }

    public Task StopFeaturesAsync() => TellFeaturesAsync(feature => feature.OnStoppingAsync(CancellationToken.None));

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
    }

    private async Task TellFeaturesAsync(Func<ISidecarFeature, Task> tell)
    {
        foreach (var feature in _server.Services.GetServices<ISidecarFeature>())
            await tell(feature);
    }
}

internal sealed record Reply(HttpStatusCode Status, string Body, string? ContentType, IReadOnlyDictionary<string, string> Headers)
{
    public JsonObject Json => JsonNode.Parse(Body)!.AsObject();

    public string? ETag => Headers.GetValueOrDefault("ETag");

    /// <summary>Asserts an error of the API and returns its message.</summary>
    public string AssertError(int status, string code)
    {
        Assert.Equal(status, (int)Status);
        Assert.Equal("application/json", ContentType);
        Assert.Equal(code, (string?)Json["errorCode"]);
        return (string)Json["message"]!;
    }

    public void AssertNoContent()
    {
        Assert.Equal((HttpStatusCode.NoContent, ""), (Status, Body));
    }
}
