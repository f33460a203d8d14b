using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using TestSupport;

namespace Sidecar.Testing.Tests;

/// <summary>Bindings inside a test: their time, their faults, their spans.</summary>
public sealed class BindingTests
{
    [Fact]
    public async Task Ticks_follow_the_tests_clock_and_have_a_span_that_the_app_continues()
    {
        await using var dapr = await DaprTestHost.StartAsync(host => host
            .WithFakeClock()
            .Sidecars(options => options with { AppBindingTimeout = TimeSpan.FromMinutes(10) })
            .Component("nightly", "bindings.cron", ("schedule", "@daily"))
            .App("cleaner", app => app.Ok("/nightly")));

        dapr.Clock.Advance(TimeSpan.FromHours(23));
        Assert.DoesNotContain(dapr.Spans.All, span => span.DisplayName == "bindings/nightly");
        dapr.Clock.Advance(TimeSpan.FromHours(1));
        var tick = await dapr.Spans.SpanAsync("bindings/nightly");

        await Eventually.TrueAsync(() => dapr.Spans.OfTrace(tick.TraceId).Any(span => span.Source.Name == "Microsoft.AspNetCore" && span.ParentSpanId == tick.SpanId));
        Assert.Equal(("cleaner", "200"), (tick.GetTagItem("dapr.app_id"), tick.GetTagItem("dapr.status_code")));
    }

    [Fact]
    public async Task An_output_binding_fails_at_the_operation_that_is_meant_to()
    {
        await using var dapr = await DaprTestHost.StartAsync(host => host.Component("files", "bindings.localstorage", ("rootPath", "files")).SidecarOnly("shop"));
        using var fault = dapr.Faults.Component("files", Fail.WithError("disk full"), when: call => call is { Operation: "create" });

        using var create = await dapr["shop"].Sidecar.PostAsJsonAsync("/v1.0/bindings/files", new { operation = "create", data = "x y" });
        using var list = await dapr["shop"].Sidecar.PostAsJsonAsync("/v1.0/bindings/files", new { operation = "list" });

        Assert.Equal((HttpStatusCode.InternalServerError, HttpStatusCode.OK), (create.StatusCode, list.StatusCode));
        Assert.Contains("disk full", await create.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("null", await list.Content.ReadAsStringAsync());
        var span = await dapr.Spans.SpanAsync("/v1.0/bindings/files");
        Assert.Equal(("bindings", "files"), (span.GetTagItem("db.system"), span.GetTagItem("db.name")));
    }
}
