using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Components;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.NameResolution;
using Sidecar.Runtime.Resources;
using Sidecar.Runtime.Security;
using GetStateRequest = Sidecar.Protos.GetStateRequest;

namespace Benchmarks.HotPaths;

/// <summary>
/// Requests to a sidecar as its web server hands them over, through everything that is between that and a component or the
/// next sidecar: middleware, routing, the slice. The web server itself and the next sidecar are not there.
/// </summary>
internal sealed class RequestPaths
{
    private const string Item = $$"""[{"key":"document","value":{{Document}}}]""";
    private const string Document = """{"id":"4711","name":"Ada Lovelace","city":"London","active":true,"points":1815}""";

    private readonly RequestDelegate _pipeline;

    private RequestPaths(RequestDelegate pipeline) => _pipeline = pipeline;

    public static async Task<IReadOnlyList<HotPath>> CreateAsync()
    {
        var options = new SidecarOptions { AppId = "caller", AppPort = 1, Environment = new Dictionary<string, string>(), LogLine = _ => { } };
        var components = new ComponentRegistry();
        var shared = new SharedResources();
        await AddAsync(components, shared, "store", "state.in-memory");
        await AddAsync(components, shared, "events", "pubsub.in-memory");
        var host = SidecarApplication.Build(new SidecarParts(
            options,
            new ResourceSet(),
            shared,
            components,
            new AppConnection(options),
            new OneNeighbour(),
            SidecarIdentity.None,
            new SidecarState(),
            new ShutdownRequest(_ => { }),
            new SidecarListeners(options, withInternal: false)));
        foreach (var feature in host.Services.GetServices<ISidecarFeature>())
            await feature.OnComponentsLoadedAsync(CancellationToken.None);

        // What a start of the host does with the routes; it is not started, for then it would listen.
        host.UseEndpoints(_ => { });
        var paths = new RequestPaths(((IApplicationBuilder)host).Build());
        paths.Send(HttpMethods.Post, "/v1.0/state/store", Item, 204);
        var grpc = new GrpcPath(paths._pipeline, "/dapr.proto.runtime.v1.Dapr/GetState", new GetStateRequest { StoreName = "store", Key = "document" });
        return
        [
            new("request: state get, gRPC", grpc.Send),
            paths.Path("request: invoke", HttpMethods.Get, "/v1.0/invoke/callee/method/documents/4711?full=true", null, 200),
            paths.Path("request: invoke with a body", HttpMethods.Post, "/v1.0/invoke/callee/method/documents", Document, 200),
            paths.Path("request: state get", HttpMethods.Get, "/v1.0/state/store/document", null, 200),
            paths.Path("request: state save", HttpMethods.Post, "/v1.0/state/store", Item, 204),
            paths.Path("request: publish", HttpMethods.Post, "/v1.0/publish/events/orders", Document, 204),
        ];
    }

    private HotPath Path(string name, string verb, string target, string? body, int status) => new(name, () => Send(verb, target, body, status));

    private void Send(string verb, string target, string? body, int status)
    {
        var context = Context(verb, target, body);
        var handling = _pipeline(context);
        if (!handling.IsCompletedSuccessfully)
            handling.GetAwaiter().GetResult();
        if (context.Response.StatusCode != status)
            throw new InvalidOperationException($"{verb} {target}: {context.Response.StatusCode}, expected {status}");
    }

    private static DefaultHttpContext Context(string verb, string target, string? body)
    {
        var features = new FeatureCollection(8);
        var request = new HttpRequestFeature { Method = verb, RawTarget = target, Protocol = "HTTP/1.1", Scheme = "http" };
        var query = target.IndexOf('?', StringComparison.Ordinal);
        request.Path = query < 0 ? target : target[..query];
        request.QueryString = query < 0 ? "" : target[query..];
        request.Headers.Host = "127.0.0.1:3500";
        request.Headers.UserAgent = "bench";
        request.Headers.Accept = "*/*";
        request.Headers.TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        if (body is not null)
        {
            request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
            request.Headers.ContentLength = request.Body.Length;
            request.Headers.ContentType = "application/json";
        }

        features.Set<IHttpRequestFeature>(request);
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
        features.Set<IHttpRequestBodyDetectionFeature>(new BodyDetection(body is not null));
        return new DefaultHttpContext(features);
    }

    private static async Task AddAsync(ComponentRegistry components, SharedResources shared, string name, string type)
    {
        var known = ComponentCatalog.Default.Find(type, "v1")!;
        var component = known.Create();
        await component.InitAsync(
            new ComponentContext
            {
                Name = name,
                AppId = "caller",
                Metadata = ComponentMetadata.Empty,
                BaseDirectory = Environment.CurrentDirectory,
                Shared = shared,
                Logger = Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance,
            },
            CancellationToken.None);
        components.Add(new LoadedComponent(new ComponentResource(new ResourceOrigin("bench.yaml", 1), name, type), known, component, ComponentMetadata.Empty));
    }

    private sealed class BodyDetection(bool canHaveBody) : IHttpRequestBodyDetectionFeature
    {
        public bool CanHaveBody => canHaveBody;
    }

    /// <summary>A sidecar whose app answers at once, always the same.</summary>
    private sealed class OneNeighbour : INameResolver, ISidecarPeer
    {
        public ValueTask<ISidecarPeer?> ResolveAsync(string appId, CancellationToken cancellationToken) => ValueTask.FromResult<ISidecarPeer?>(this);

        public ValueTask<ISidecarPeer?> ResolveOtherAsync(string appId, IReadOnlySet<string> asked, CancellationToken cancellationToken) => ValueTask.FromResult<ISidecarPeer?>(null);

        public Task<HttpResponseMessage> ForwardAsync(HttpRequestMessage request, CancellationToken cancellationToken) => InvokeAsync(request, cancellationToken);

        public Task<HttpResponseMessage> InvokeAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Document)) };
            response.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
            response.Headers.TryAddWithoutValidation("Date", "Fri, 20 Nov 2026 12:00:00 GMT");
            response.Headers.TryAddWithoutValidation("Server", "Kestrel");
            return Task.FromResult(response);
        }
    }
}
