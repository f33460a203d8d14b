using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Components.Bindings;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Sidecar.Runtime.Tests.Bindings;

/// <summary>Bindings over gRPC (contract 3.4): calls by InvokeBinding, and events for apps that speak gRPC.</summary>
public sealed class BindingsGrpcTests : BindingsHost
{
    private static readonly GrpcMethod<InvokeBindingRequest, InvokeBindingResponse> Invoke = GrpcMethod.Of<InvokeBindingRequest, InvokeBindingResponse>(
        DaprReflection.Descriptor.FindTypeByName<ServiceDescriptor>("Dapr").FindMethodByName("InvokeBinding"));

    [Fact]
    [Contract(101)]
    public async Task Contract_101_bytes_pass_as_they_are_and_metadata_comes_back()
    {
        Answer = _ => new BindingReply(new byte[] { 0, 255, 7 }, new Dictionary<string, string> { ["note"] = "well" });
        await using var sidecar = await With("out").StartAsync();
        var options = new CallOptions { Metadata = [new MetadataEntry("beside", "the message"), new MetadataEntry("own", "less")] };

        var result = await sidecar.Channel.CallAsync(Invoke, new InvokeBindingRequest { Name = "out", Operation = "create", Data = ByteString.CopyFromUtf8("x"), Metadata = { ["own"] = "more" } }, options);
        var call = Assert.Single(Calls);

        Assert.True(result.IsOK, result.Status.ToString());
        Assert.Equal("x"u8.ToArray(), call.Data.ToArray());
        Assert.Equal(("the message", "more"), (call.Metadata["beside"], call.Metadata["own"]));
        Assert.Contains("traceparent", call.Metadata.Keys);
        Assert.Equal(new byte[] { 0, 255, 7 }, result.Message.Data.ToByteArray());
        Assert.Equal(("well", "well"), (result.Message.Metadata["note"], result.Headers.Get("metadata.note")));
    }

    [Fact]
    [Contract(104)]
    public async Task A_missing_binding_and_an_unknown_operation_have_the_reason_of_http()
    {
        await using var sidecar = await With("out").StartAsync();

        var missing = await sidecar.Channel.CallAsync(Invoke, new InvokeBindingRequest { Name = "none", Operation = "create" });
        var unknown = await sidecar.Channel.CallAsync(Invoke, new InvokeBindingRequest { Name = "out", Operation = "sing" });

        Assert.Equal((StatusCode.Internal, "ERR_INVOKE_OUTPUT_BINDING"), (missing.Status.Code, missing.Status.Detail<ErrorInfo>()?.Reason));
        Assert.Contains("couldn't find output binding none", missing.Status.Message, StringComparison.Ordinal);
        Assert.Contains("does not support operation sing", unknown.Status.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Contract(108)]
    public async Task Contract_108_an_app_takes_the_bindings_it_lists_and_its_answer_invokes_others()
    {
        await using var app = await StartAppAsync(new BindingEventResponse { To = { "out", "none" }, Data = ByteString.CopyFromUtf8("onward") }, "in");
        await using var sidecar = await With("in").With("out", metadata: ("direction", "output")).With("unlisted").StartAsync(change: options => options with { AppPort = app.Port, AppProtocol = "grpc" });
        await sidecar.Instance.Healthy.WithinAsync("health");

        Assert.Equal(["in"], Running.Keys);
        var outcome = await Running["in"](new BindingEvent("event"u8.ToArray(), new Dictionary<string, string> { ["kind"] = "test" }), CancellationToken.None);
        var received = Assert.Single(app.Events);

        Assert.True(outcome.IsHandled);
        Assert.Equal(("in", "event", "test"), (received.Name, received.Data.ToStringUtf8(), received.Metadata["kind"]));
        Assert.Equal(("create", "onward"), Calls.Select(call => (call.Operation, System.Text.Encoding.UTF8.GetString(call.Data.Span))).Single());
    }

    [Fact]
    [Contract(108)]
    public async Task Outputs_that_an_answer_names_are_done_once_and_no_policy_of_the_event_limits_them()
    {
        await using var app = await StartAppAsync(new BindingEventResponse { To = { "out" }, Data = ByteString.CopyFromUtf8("onward") }, "in");
        WithPolicies("{ timeouts: { fast: 1s }, retries: { twice: { duration: 0s, maxRetries: 2 } } }", "{ in: { inbound: { timeout: fast, retry: twice } } }");
        await using var sidecar = await With("in").With("out", metadata: ("direction", "output")).StartAsync(change: options => options with { AppPort = app.Port, AppProtocol = "grpc" });
        await sidecar.Instance.Healthy.WithinAsync("health");
        Answer = _ =>
        {
            Clock.Advance(TimeSpan.FromSeconds(2));
            return null;
        };

        var outcome = await Running["in"](new BindingEvent("event"u8.ToArray(), new Dictionary<string, string>()), CancellationToken.None);

        Assert.True(outcome.IsHandled);
        Assert.Single(app.Events);
        Assert.Single(Calls);
    }

    [Fact]
    public async Task An_app_that_fails_has_not_handled_the_event()
    {
        await using var app = await StartAppAsync(null, "in");
        await using var sidecar = await With("in").StartAsync(change: options => options with { AppPort = app.Port, AppProtocol = "grpc" });
        await sidecar.Instance.Healthy.WithinAsync("health");

        Assert.False((await Running["in"](new BindingEvent(default, new Dictionary<string, string>()), CancellationToken.None)).IsHandled);
    }

    private static async Task<BindingApp> StartAppAsync(BindingEventResponse? answer, params string[] bindings)
    {
        var app = new BindingApp(FreePorts.Next());
        await app.StartAsync(answer, bindings);
        return app;
    }

    /// <summary>An app that speaks gRPC and takes input bindings; with no answer it fails.</summary>
    private sealed class BindingApp(int port) : IAsyncDisposable
    {
        private WebApplication? _host;

        public int Port => port;

        public List<BindingEventRequest> Events { get; } = [];

        public async Task StartAsync(BindingEventResponse? answer, string[] bindings)
        {
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore().ConfigureKestrel(server => server.ListenLocalhost(port, listener => listener.UseHttp2Cleartext()));
            builder.Services.AddGrpcServer();
            _host = builder.Build();
            var callback = AppcallbackReflection.Descriptor.FindTypeByName<ServiceDescriptor>("AppCallback");
            _host.MapUnary<Empty, ListInputBindingsResponse>(callback.FindMethodByName("ListInputBindings"), (_, _) => Task.FromResult(new ListInputBindingsResponse { Bindings = { bindings } }));
            _host.MapUnary<BindingEventRequest, BindingEventResponse>(callback.FindMethodByName("OnBindingEvent"), (request, call) =>
            {
                Events.Add(request);
                return Task.FromResult(answer ?? call.Fail<BindingEventResponse>(new GrpcStatus(StatusCode.Internal, "on purpose")));
            });
            _host.MapGrpcFallback();
            await _host.StartAsync();
        }

        public ValueTask DisposeAsync() => _host?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
