using Microsoft.Extensions.Primitives;

namespace Sidecar.Grpc;

/// <summary>How messages are compressed on the wire.</summary>
public enum MessageEncoding
{
    /// <summary>Not at all.</summary>
    Identity,

    Gzip,
}

internal static class MessageEncodings
{
    /// <summary>What <c>grpc-accept-encoding</c> says of this side.</summary>
    public const string Accepted = "identity,gzip";

    public const string GzipName = "gzip";

    /// <summary>False for an encoding that is not known here; none is identity.</summary>
    public static bool TryParse(string? name, out MessageEncoding encoding)
    {
        encoding = name == GzipName ? MessageEncoding.Gzip : MessageEncoding.Identity;
        return encoding == MessageEncoding.Gzip || string.IsNullOrEmpty(name) || name == "identity";
    }

    /// <summary>Whether <c>grpc-accept-encoding</c> of the other side names gzip.</summary>
    public static bool AcceptsGzip(StringValues accepted)
    {
        foreach (var list in accepted)
        {
            foreach (var part in list.AsSpan().Split(','))
            {
                if (list.AsSpan(part).Trim() is GzipName)
                    return true;
            }
        }

        return false;
    }
}
