using System.Collections.Concurrent;
using System.Diagnostics;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Telemetry;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Resiliency;

/// <summary>The ways to call an app.</summary>
public enum Front
{
    /// <summary>HTTP API, HTTP app.</summary>
    Http,

    /// <summary>InvokeService, gRPC app.</summary>
    Grpc,

    /// <summary>A gRPC call that is handed on.</summary>
    Proxy,
}

/// <summary>A sidecar with policies on a clock that stands still, and its app, which notes when it is called and answers as a test says.</summary>
internal sealed class PolicyStage : IAsyncDisposable
{
    private static readonly GrpcMethod<InvokeServiceRequest, InvokeResponse> InvokeService =
        GrpcMethod.Of<InvokeServiceRequest, InvokeResponse>(DaprReflection.Descriptor.Services[0].FindMethodByName("InvokeService"));

    private readonly TempFolder _folder = new();
    private readonly Front _front;
    private TestApp? _http;
    private GrpcTestApp? _grpc;
    private readonly ActivitySource _source = new(SidecarSpans.SourceName);
    private readonly ActivityListener _listener;

    private int _pauses;

    private PolicyStage(Front front)
    {
        _front = front;
        _listener = new ActivityListener
        {
            ShouldListenTo = source => ReferenceEquals(source, _source),
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = Spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public FakeClock Clock { get; } = new();

    private int PausesTold => Sidecar.Log.Count(line => line.Contains("tried again in", StringComparison.Ordinal));

    public TestSidecar Sidecar { get; private set; } = null!;

    /// <summary>When the app was called, in seconds since the first time.</summary>
    public IReadOnlyList<double> Seconds => [.. Times.Select(time => (time - Times.First()).TotalSeconds)];

    public ConcurrentQueue<DateTimeOffset> Times { get; } = new();

    /// <summary>Texts that the app was sent.</summary>
    public ConcurrentQueue<string> Bodies { get; } = new();

    /// <summary>The code of the next answers: an HTTP status or a gRPC code; 0 = it goes well.</summary>
    public volatile int Code;

    /// <summary>Spans of the sidecar that have ended.</summary>
    public ConcurrentQueue<Activity> Spans { get; } = new();

    /// <summary>The app answers when this does.</summary>
    public Func<CancellationToken, Task>? Hold { get; set; }

    /// <summary>The code of a failure that an app of this front may answer: 503, or UNAVAILABLE.</summary>
    public int Failure => _front == Front.Http ? 503 : (int)StatusCode.Unavailable;

    /// <summary>What a call comes to that a policy has ended: 500 by HTTP.</summary>
    public int Refusal => _front switch
    {
        Front.Http => 500,
        Front.Grpc => (int)StatusCode.Internal,
        _ => (int)StatusCode.Unavailable,
    };

    public int Late => _front == Front.Http ? 500 : (int)StatusCode.DeadlineExceeded;

    /// <param name="policies">Of <c>spec.policies</c>, in YAML of one line.</param>
    /// <param name="target">Of the app; null = it is not named.</param>
    /// <param name="others">More of <c>spec.targets.apps</c>.</param>
    public static async Task<PolicyStage> StartAsync(Front front, string policies, string? target = null, string others = "")
    {
        var stage = new PolicyStage(front);
        stage._folder.Write("components/resiliency.yaml", $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: { name: r }
            spec:
              policies: {{policies}}
              targets: { apps: { {{(target is null ? "" : $"me: {target}")}}{{others}} } }
            """);
        // No timer but those of policies: a test counts them.
        stage._folder.Write("config.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: { name: c }\nspec: { features: [ { name: HotReload, enabled: false } ] }");
        var port = front == Front.Http ? await stage.StartHttpAsync() : await stage.StartGrpcAsync();
        stage.Sidecar = await TestSidecar.StartAsync(stage._folder, options => options with
        {
            AppPort = port,
            AppProtocol = front == Front.Http ? "http" : "grpc",
            Time = stage.Clock,
            Spans = stage._source,
            LogLevel = Microsoft.Extensions.Logging.LogLevel.Debug,
            DisabledInitEndpoints = ["subscribe", "config"],
        });
        await stage.Sidecar.Instance.Healthy.WithinAsync("health");
        await Eventually.TrueAsync(() => stage.Clock.ArmedTimers == 0, "the end of all timers of the start");
        return stage;
    }

    /// <summary>Calls the app and answers with the code that the caller sees, as <see cref="Code"/>.</summary>
    public async Task<int> CallAsync(string method = "x", string body = "", params MetadataEntry[] metadata)
    {
        switch (_front)
        {
            case Front.Http:
                using (var response = await Sidecar.Client.PostAsync(new Uri($"/v1.0/invoke/me/method/{method}", UriKind.Relative), new StringContent(body)))
                    return response.IsSuccessStatusCode ? 0 : (int)response.StatusCode;
            case Front.Grpc:
                var request = new InvokeServiceRequest { Id = "me", Message = new InvokeRequest { Method = method, Data = new Any { Value = ByteString.CopyFromUtf8(body) } } };
                return (int)(await Sidecar.Channel.StatusAsync(InvokeService, request)).Code;
            default:
                var options = new CallOptions { Metadata = [new MetadataEntry("dapr-app-id", "me"), .. metadata] };
                return (int)(await Sidecar.Channel.StatusAsync(GrpcTestApp.Unary, System.Text.Encoding.UTF8.GetBytes(body), options)).Code;
        }
    }

    /// <summary>Returns once the next pause between attempts has begun: it is told just before, and then a timer runs.</summary>
    public async Task PausedAsync()
    {
        _pauses++;
        await Eventually.TrueAsync(() => PausesTold >= _pauses && Clock.ArmedTimers > 0, $"pause {_pauses} between attempts");
    }

    /// <summary>Returns once the limit of an attempt has begun.</summary>
    public Task LimitedAsync() => Eventually.TrueAsync(() => Clock.ArmedTimers > 0, "the limit of an attempt");

    /// <summary>Lets a pause of exactly this length pass, and fails if it was longer or shorter.</summary>
    public async Task PassAsync(TimeSpan pause)
    {
        await PausedAsync();
        var attempts = Times.Count;
        Clock.Advance(pause - TimeSpan.FromTicks(1));
        Assert.True(Clock.ArmedTimers > 0, $"the pause was shorter than {pause}");
        Clock.Advance(TimeSpan.FromTicks(1));
        await AttemptAsync(attempts + 1);
    }

    /// <summary>Lets the pause that is on pass in small steps, and answers with its length.</summary>
    public async Task<TimeSpan> PassAsync()
    {
        await PausedAsync();
        var (began, attempts) = (Clock.GetUtcNow(), Times.Count);

        // The attempt that follows may have failed, and the next pause have begun, before a look at the timers.
        while (Clock.ArmedTimers > 0 && PausesTold == _pauses)
            Clock.Advance(TimeSpan.FromMilliseconds(10));
        var length = Clock.GetUtcNow() - began;
        await AttemptAsync(attempts + 1);
        return length;
    }

    public Task AttemptAsync(int number) => Eventually.TrueAsync(() => Times.Count >= number, $"attempt {number}");

    public async ValueTask DisposeAsync()
    {
        await Sidecar.DisposeAsync();
        if (_http is not null)
            await _http.DisposeAsync();
        if (_grpc is not null)
            await _grpc.DisposeAsync();
        _listener.Dispose();
        _source.Dispose();
        _folder.Dispose();
    }

    private async Task<int> StartHttpAsync()
    {
        async Task AnswerAsync(Microsoft.AspNetCore.Http.HttpContext context, AppRequest request)
        {
            var code = await NoteAsync(request.Text, context.RequestAborted);
            context.Response.StatusCode = code == 0 ? 200 : code;
        }

        _http = await TestApp.StartAsync(app => app.On("/x", AnswerAsync).On("/y", AnswerAsync));
        return _http.Port;
    }

    private async Task<int> StartGrpcAsync()
    {
        _grpc = await GrpcTestApp.StartAsync(app =>
        {
            app.OnInvoke = async (request, call) => await NoteAsync(request.Data.Value.ToStringUtf8(), call.CancellationToken) is var code && code != 0
                ? call.Fail<InvokeResponse>(new GrpcStatus((StatusCode)code, "on purpose"))
                : GrpcTestApp.Text("well");
            app.OnUnary = async (message, call) => await NoteAsync(System.Text.Encoding.UTF8.GetString(message.Span), call.CancellationToken) is var code && code != 0
                ? throw new GrpcException((StatusCode)code, "on purpose")
                : message;
        });
        return _grpc.Port;
    }

    private async Task<int> NoteAsync(string body, CancellationToken cancellationToken)
    {
        var code = Code;
        Bodies.Enqueue(body);
        Times.Enqueue(Clock.GetUtcNow());
        if (Hold is { } hold)
            await hold(cancellationToken);
        return code;
    }
}
