using Dapr.Client;

namespace Sdk.Tests.Fakes;

/// <summary>A class of tests that each have a fake sidecar and a client for it.</summary>
public abstract class FakeSidecarTests : IAsyncLifetime
{
    private protected FakeSidecar Sidecar { get; private set; } = null!;

    private protected DaprClient Dapr { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Sidecar = await FakeSidecar.StartAsync();
        Dapr = Sidecar.CreateClient();
    }

    public async ValueTask DisposeAsync()
    {
        Dapr.Dispose();
        await Sidecar.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
