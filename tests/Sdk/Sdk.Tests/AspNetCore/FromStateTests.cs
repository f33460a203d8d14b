using System.Net;
using System.Net.Http.Json;
using Dapr;
using Dapr.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ApplicationParts;
using Microsoft.AspNetCore.Mvc.Controllers;
using Microsoft.Extensions.DependencyInjection;
using Sdk.Tests.Fakes;

namespace Sdk.Tests.AspNetCore;

/// <summary>Controllers whose parameters come from a state store of a real sidecar.</summary>
public sealed class FromStateTests(RealSidecar sidecar) : IClassFixture<RealSidecar>
{
    private readonly string _key = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task AValueIsBoundByTheRouteValueOfItsName()
    {
        await using var app = await StartAsync<WidgetsController>();
        await sidecar.Client.SaveStateAsync(RealSidecar.Store, _key, new Widget("small", 1));
        Assert.Equal(new Widget("small", 1), await app.Client.GetFromJsonAsync<Widget>($"/widgets/{_key}"));
        Assert.Equal(new Widget("small", 1), await app.Client.GetFromJsonAsync<Widget>($"/widgets/named/{_key}"));
    }

    [Fact]
    public async Task AValueThatIsNotStoredIsNull()
    {
        await using var app = await StartAsync<WidgetsController>();
        using var response = await app.Client.GetAsync($"/widgets/{_key}");
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    [Fact]
    public async Task AnEntryIsThereAlsoForAKeyThatIsNotStored_AndWritesBackOverWhatItRead()
    {
        await using var app = await StartAsync<WidgetsController>();
        for (var expected = 1; expected <= 2; expected++)
        {
            using var response = await app.Client.PostAsync($"/widgets/{_key}/grow", null);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(new Widget("new", expected), await sidecar.Client.GetStateAsync<Widget>(RealSidecar.Store, _key));
        }
    }

    [Fact]
    public async Task ARouteWithoutTheKeyIsABadRequest()
    {
        await using var app = await StartAsync<WidgetsController>();
        using var response = await app.Client.GetAsync("/widgets");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("no value 'id'", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnEntryWithoutFromState_IsFoundWhenTheAppStarts()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync<LostController>());
        Assert.Contains("Lost.Get: 'entry' is a StateEntry and needs [FromState", failure.Message, StringComparison.Ordinal);
    }

    private Task<FakeApp> StartAsync<TController>() => FakeApp.StartAsync(
        app => app.MapControllers(),
        builder => builder.Services.AddControllers()
            .ConfigureApplicationPartManager(parts =>
            {
                parts.ApplicationParts.Clear();
                parts.ApplicationParts.Add(new AssemblyPart(typeof(TController).Assembly));
                parts.FeatureProviders.Clear();
                parts.FeatureProviders.Add(new Only<TController>());
            })
            .AddDapr(dapr => dapr.UseHttpEndpoint(sidecar.Endpoint)));

    private sealed class Only<TController> : ControllerFeatureProvider
    {
        protected override bool IsController(System.Reflection.TypeInfo typeInfo) => typeInfo.AsType() == typeof(TController);
    }
}

public sealed record Widget(string Size, int Count);

[ApiController]
[Route("widgets")]
public sealed class WidgetsController : ControllerBase
{
    [HttpGet("{id}")]
    public Widget? Get([FromState(RealSidecar.Store)] Widget? id) => id;

    [HttpGet("named/{key}")]
    public Widget? GetNamed([FromState(RealSidecar.Store, "key")] Widget? widget) => widget;

    [HttpGet]
    public Widget? GetWithoutKey([FromState(RealSidecar.Store, "id")] Widget? widget) => widget;

    [HttpPost("{id}/grow")]
    public async Task<IActionResult> Grow([FromState(RealSidecar.Store)] StateEntry<Widget?> id)
    {
        id.Value = new Widget("new", (id.Value?.Count ?? 0) + 1);
        return await id.TrySaveAsync(new StateOptions { Concurrency = ConcurrencyMode.FirstWrite }) ? Ok() : Conflict();
    }
}

[Route("lost")]
public sealed class LostController : ControllerBase
{
    [HttpGet("{entry}")]
    public Widget? Get(StateEntry<Widget?> entry) => entry.Value;
}
