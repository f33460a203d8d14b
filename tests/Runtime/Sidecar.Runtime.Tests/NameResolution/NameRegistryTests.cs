using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.NameResolution;
using TestSupport;

namespace Sidecar.Runtime.Tests.NameResolution;

public sealed class NameRegistryTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FakeClock _clock = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_that_cannot_be_used_for_a_moment_is_tried_again()
    {
        Directory.CreateDirectory(_folder.File("names.db"));
        var opening = SidecarNames.OpenAsync(Options(), null, identity: null, CancellationToken.None);
        await Eventually.TrueAsync(() => _clock.ArmedTimers > 0, "the pause before the next try");
        Directory.Delete(_folder.File("names.db"));
        _clock.Advance(TimeSpan.FromMilliseconds(100));

        using var names = await opening.WithinAsync("the registry to open");
        await names.RegisterAsync(IPAddress.Loopback, 4711, _ => { }, NullLogger.Instance, CancellationToken.None);

        Assert.NotNull(await names.Registry!.ResolveAsync("me", CancellationToken.None));
        Assert.Null(await names.Registry.ResolveAsync("nobody", CancellationToken.None));
    }

    [Fact]
    public async Task A_file_that_stays_unusable_is_given_up_and_named()
    {
        Directory.CreateDirectory(_folder.File("names.db"));
        var opening = SidecarNames.OpenAsync(Options(), null, identity: null, CancellationToken.None);
        await Eventually.TrueAsync(
            () =>
            {
                _clock.Advance(TimeSpan.FromMilliseconds(100));
                return opening.IsCompleted;
            },
            "the last try");

        using var names = await opening;
        Assert.Null(names.Registry);
        Assert.Contains("names.db", names.Failure?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_instance_is_one_that_the_call_has_not_asked_yet()
    {
        using var names = await SidecarNames.OpenAsync(Options(), null, identity: null, CancellationToken.None);
        await names.RegisterAsync(IPAddress.Loopback, 4711, _ => { }, NullLogger.Instance, CancellationToken.None);

        Assert.NotNull(await names.Registry!.ResolveOtherAsync("me", new HashSet<string> { "127.0.0.1:4712" }, CancellationToken.None));
        Assert.Null(await names.Registry.ResolveOtherAsync("me", new HashSet<string> { "127.0.0.1:4711" }, CancellationToken.None));
    }

    private SidecarOptions Options() => new() { AppId = "me", BaseDirectory = _folder.Path, NameRegistryFile = "names.db", Time = _clock };
}
