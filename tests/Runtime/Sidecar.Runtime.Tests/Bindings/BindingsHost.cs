using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Sidecar.Components;
using Sidecar.Components.Bindings;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Bindings;

/// <summary>What the tests of bindings share: component files, a clock, and bindings of type <c>bindings.test</c> that a test looks into.</summary>
public abstract class BindingsHost : IDisposable
{
    protected BindingsHost() => Catalog = new ComponentCatalog([.. ComponentCatalog.Default.Types, new ComponentType("bindings.test", "v1", () => new TestBinding(this))]);

    internal TempFolder Folder { get; } = new();

    internal FakeClock Clock { get; } = new();

    internal ComponentCatalog Catalog { get; }

    /// <summary>Calls of all output bindings of the test's type.</summary>
    internal ConcurrentQueue<BindingRequest> Calls { get; } = new();

    /// <summary>What they answer.</summary>
    internal Func<BindingRequest, BindingReply?> Answer { get; set; } = _ => null;

    /// <summary>The handlers of input bindings that run, by name.</summary>
    internal ConcurrentDictionary<string, BindingHandler> Running { get; } = new();

    public void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    internal BindingsHost With(string name, string type = "bindings.test", params (string Name, string Value)[] metadata)
    {
        Folder.Write($"components/{name}.yaml", Component(name, type, metadata));
        return this;
    }

    /// <param name="policies">Of <c>spec.policies</c>, in YAML of one line.</param>
    /// <param name="components">Of <c>spec.targets.components</c>, likewise.</param>
    internal BindingsHost WithPolicies(string policies, string components)
    {
        Folder.Write("components/resiliency.yaml", $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: { name: r }
            spec:
              policies: {{policies}}
              targets: { components: {{components}} }
            """);
        return this;
    }

    internal static string Component(string name, string type, params (string Name, string Value)[] metadata) =>
        $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: {type}\n  version: v1\n  metadata:\n" +
        string.Concat(metadata.Select(item => $"  - name: {item.Name}\n    value: \"{item.Value}\"\n"));

    internal async Task<TestSidecar> StartAsync(TestApp? app = null, Func<SidecarOptions, SidecarOptions>? change = null)
    {
        var sidecar = await TestSidecar.StartAsync(Folder, options =>
        {
            options = options with { AppPort = app?.Port ?? 0, Time = Clock, Catalog = Catalog };
            return change?.Invoke(options) ?? options;
        });
        if (app is not null && change is null)
            await sidecar.Instance.Healthy.WithinAsync("health");
        return sidecar;
    }

    internal static async Task<Answered> InvokeAsync(
        TestSidecar sidecar, string name, string body, HttpMethod? verb = null, string query = "", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(verb ?? HttpMethod.Post, $"/v1.0/bindings/{name}{query}") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        foreach (var (header, value) in headers)
            request.Headers.TryAddWithoutValidation(header, value);
        using var response = await sidecar.Client.SendAsync(request);
        return new Answered(
            (int)response.StatusCode,
            await response.Content.ReadAsStringAsync(),
            response.Content.Headers.ContentType?.ToString(),
            response.Headers.ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.Ordinal));
    }

    internal sealed record Answered(int Status, string Body, string? ContentType, IReadOnlyDictionary<string, string> Headers)
    {
        public (int Status, string? Code, string? Message) Error => (Status, (string?)JsonNode.Parse(Body)!["errorCode"], (string?)JsonNode.Parse(Body)!["message"]);
    }

    private sealed class TestBinding(BindingsHost host) : IOutputBinding, IInputBinding
    {
        private string _name = "";

        public IReadOnlyList<string> Operations { get; } = ["create", "get"];

        public Task InitAsync(ComponentContext context, CancellationToken cancellationToken)
        {
            _name = context.Name;
            return Task.CompletedTask;
        }

        public ValueTask<BindingReply?> InvokeAsync(BindingRequest request, CancellationToken cancellationToken)
        {
            host.Calls.Enqueue(request);
            var reply = host.Answer(request);
            cancellationToken.ThrowIfCancellationRequested();
            return ValueTask.FromResult(reply);
        }

        public Task<IAsyncDisposable> ReadAsync(BindingHandler handler, CancellationToken cancellationToken)
        {
            var underWay = new ConcurrentBag<Task>();
            host.Running[_name] = (bindingEvent, token) =>
            {
                var handling = handler(bindingEvent, token).AsTask();
                underWay.Add(handling);
                return new(handling);
            };
            return Task.FromResult<IAsyncDisposable>(new Reading(() =>
            {
                host.Running.TryRemove(_name, out _);
                return Task.WhenAll(underWay);
            }));
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Reading(Func<Task> end) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => new(end());
    }
}
