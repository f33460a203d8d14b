using System.Globalization;

namespace Sidecar.Runtime.Hosting;

/// <summary>Times as Go prints them in RFC 3339: whole seconds, <c>Z</c> for no offset.</summary>
internal static class Rfc3339
{
    public static string Format(DateTimeOffset time) =>
        time.ToString(time.Offset == TimeSpan.Zero ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : "yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);

    public static string FormatUtc(DateTimeOffset time) => Format(time.ToUniversalTime());
}
