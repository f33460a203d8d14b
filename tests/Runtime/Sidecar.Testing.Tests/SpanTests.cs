using System.Diagnostics;
using Dapr.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using TestSupport;

namespace Sidecar.Testing.Tests;

/// <summary>Spans of sidecars and apps.</summary>
public sealed class SpanTests
{
    [Fact]
    [Contract(94)]
    public async Task One_trace_runs_through_two_apps_and_a_message()
    {
        await using var dapr = await DaprTestHost.StartAsync(host => host
            .InMemory()
            .App("front", app => app.MapGet("/buy", (DaprClient client) => client.CreateInvokableHttpClient("shop").GetStringAsync("/order")), builder => builder.Services.AddDaprClient())
            .App("shop", app => app.MapGet("/order", (DaprClient client) => client.PublishEventAsync("pubsub", "orders", 1)), builder => builder.Services.AddDaprClient())
            .App("billing", app => app.Ok("/bill"))
            .Subscription("billing", "orders", "/bill"));

        await dapr["front"].Client.GetStringAsync("/buy");
        var delivery = await dapr.Spans.SpanAsync("pubsub/orders");
        await Eventually.TrueAsync(() => dapr.Spans.OfTrace(delivery.TraceId).Count(span => span.Source.Name == "Microsoft.AspNetCore") == 3);

        var spans = dapr.Spans.OfTrace(delivery.TraceId);
        var publish = Assert.Single(spans, span => span.DisplayName == "/v1.0/publish/pubsub/orders");
        var call = Assert.Single(spans, span => span.DisplayName == "CallLocal/shop/order");
        var invoke = Assert.Single(spans, span => span.DisplayName == "/v1.0/invoke/shop/method/order");
        Assert.Equal((publish.SpanId, invoke.SpanId), (delivery.ParentSpanId, call.ParentSpanId));
        Assert.Equal(("billing", "shop", "shop", "front"), (App(delivery), App(publish), App(call), App(invoke)));
        Assert.Equal((ActivityKind.Server, ActivityKind.Client, ActivityKind.Server, ActivityKind.Client), (delivery.Kind, publish.Kind, call.Kind, invoke.Kind));

        // The apps' own server spans stand between them: each app was asked by its sidecar's span.
        Assert.Single(spans, span => span.ParentSpanId == call.SpanId && span.Source.Name == "Microsoft.AspNetCore");
        Assert.Single(spans, span => span.ParentSpanId == delivery.SpanId && span.Source.Name == "Microsoft.AspNetCore");
        Assert.Equal("orders", delivery.GetTagItem("messaging.destination"));
        Assert.Equal("204", publish.GetTagItem("dapr.status_code"));
    }

    [Fact]
    public async Task State_operations_have_the_attributes_that_Dapr_gives_and_health_checks_have_no_span()
    {
        await using var dapr = await DaprTestHost.StartAsync(host => host.InMemory().SidecarOnly("test"));

        using var healthy = await dapr["test"].Sidecar.GetAsync("/v1.0/healthz");
        using var wrong = await dapr["test"].Sidecar.GetAsync("/v1.0/state/nowhere/k");
        using var saved = await dapr["test"].SaveAsync("k", "v");
        var save = await dapr.Spans.SpanAsync("/v1.0/state/statestore");
        var get = await dapr.Spans.SpanAsync("/v1.0/state/nowhere/k");

        Assert.Equal(("state", "statestore", "POST /v1.0/state/statestore", "http"),
            (save.GetTagItem("db.system"), save.GetTagItem("db.name"), save.GetTagItem("db.statement"), save.GetTagItem("dapr.protocol")));
        Assert.Equal((ActivityStatusCode.Unset, ActivityStatusCode.Error), (save.Status, get.Status));
        Assert.Equal("400", get.GetTagItem("dapr.status_code"));
        Assert.DoesNotContain(dapr.Spans.All, span => span.Source.Name == "Sidecar.Runtime" && span.DisplayName.Contains("healthz", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_message_of_a_batch_has_a_span_in_the_trace_of_its_own()
    {
        await using var dapr = await DaprTestHost.StartAsync(host => host
            .Sqlite()
            .App("shop", app => app.MapPost("/orders", () => "{}"))
            .Yaml("""
                apiVersion: dapr.io/v2alpha1
                kind: Subscription
                metadata:
                  name: orders
                spec:
                  pubsubname: pubsub
                  topic: orders
                  routes:
                    default: /orders
                  bulkSubscribe:
                    enabled: true
                    maxMessagesCount: 2
                    maxAwaitDurationMs: 20000
                """));

        await Task.WhenAll(dapr["shop"].PublishAsync("orders", 1), dapr["shop"].PublishAsync("orders", 2));
        var spans = new[] { await dapr.Spans.SpanAsync("pubsub/orders"), await dapr.Spans.SpanAsync("pubsub/orders") };

        var published = dapr.Spans.All.Where(span => span.DisplayName == "/v1.0/publish/pubsub/orders").Select(span => span.SpanId.ToHexString());
        Assert.Equal(published.Order(), spans.Select(span => span.ParentSpanId.ToHexString()).Order());
    }

    [Fact]
    public async Task A_trace_of_the_caller_is_continued_and_its_state_handed_on()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/", 200));
        await using var dapr = await DaprTestHost.StartAsync(host => host.AppAt("app", app.Port));
        using var client = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null });
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{dapr["app"].HttpEndpoint}/v1.0/invoke/app/method/");
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00");
        request.Headers.Add("tracestate", "vendor=1");

        using var answer = await client.SendAsync(request);
        var call = await dapr.Spans.SpanAsync("CallLocal/app/");
        var seen = app.Seen.Single(asked => asked.Path == "/");

        Assert.Equal("0af7651916cd43dd8448eb211c80319c", call.TraceId.ToHexString());
        Assert.Equal((call.Id, "vendor=1"), (seen.Headers["traceparent"], seen.Headers["tracestate"]));
    }

    private static object? App(Activity span) => span.GetTagItem("dapr.app_id");
}
