using System.Globalization;

namespace Sidecar.Components.Sqlite;

/// <summary>Names one broker of one process, so that another process can tell whether what it holds is still in hand.</summary>
internal sealed record BrokerOwner(ProcessIdentity Process, string Random)
{
    public static BrokerOwner Create() => new(ProcessIdentity.Current, Guid.NewGuid().ToString("N"));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Process.Pid} {Process.Started} {Random}");

    /// <summary>Null if the text is not one that <see cref="ToString"/> made.</summary>
    public static BrokerOwner? Parse(string text) =>
        text.Split(' ') is [var pid, var started, var random] && int.TryParse(pid, CultureInfo.InvariantCulture, out var number)
            ? new BrokerOwner(new ProcessIdentity(number, started), random)
            : null;
}
