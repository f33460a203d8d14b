using System.Threading.Channels;

namespace Sidecar.Runtime.AppChannel;

/// <summary>
/// Notices that the app is another process than before, while the sidecar stayed: whoever starts apps tells their number as
/// <see cref="NumberField"/> of the extended metadata, as the official command line does.
/// </summary>
internal sealed class AppRestarts
{
    public const string NumberField = "appPID";

    // One that waits is enough: the question that it brings is put to whichever process is there then.
    private readonly Channel<bool> _restarts = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private string? _number;

    /// <summary>An item whenever another process has taken the place of the app. For one reader.</summary>
    public ChannelReader<bool> All => _restarts.Reader;

    /// <summary>The first number is that of the app that is asked anyway.</summary>
    public void AppIs(string number)
    {
        if (Interlocked.Exchange(ref _number, number) is { } before && before != number)
            _restarts.Writer.TryWrite(true);
    }
}
