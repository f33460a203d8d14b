using Dapr.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Sdk.Tests.Fakes;

namespace Sdk.Tests.AspNetCore;

public sealed class AddDaprClientTests
{
    [Fact]
    public async Task EndpointAndTokenComeFromConfiguration()
    {
        await using var sidecar = await FakeSidecar.StartAsync();
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection([new("DAPR_HTTP_ENDPOINT", sidecar.Endpoint), new("DAPR_API_TOKEN", "configured")]).Build());
        services.AddDaprClient();
        await using var provider = services.BuildServiceProvider();

        Assert.True(await provider.GetRequiredService<DaprClient>().CheckHealthAsync());
        Assert.Equal("configured", sidecar.Only.Headers["dapr-api-token"]);
    }

    [Fact]
    public void TheClientIsOneForAll_UnlessAskedOtherwise_AndTheFirstRegistrationStays()
    {
        var services = new ServiceCollection();
        services.AddDaprClient();
        services.AddDaprClient(_ => { }, ServiceLifetime.Transient);
        Assert.Equal(ServiceLifetime.Singleton, Assert.Single(services, service => service.ServiceType == typeof(DaprClient)).Lifetime);
    }
}
