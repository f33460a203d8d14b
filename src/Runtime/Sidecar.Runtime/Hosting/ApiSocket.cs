using System.Net.Sockets;

namespace Sidecar.Runtime.Hosting;

/// <summary>An API's socket file, <c>&lt;folder&gt;/dapr-&lt;app-id&gt;-http.socket</c> or <c>-grpc.socket</c> (contract 1.1, <c>--unix-domain-socket</c>).</summary>
internal static class ApiSocket
{
    /// <summary>The file's path, free to be bound: what a dead process left there is removed.</summary>
    /// <exception cref="SidecarStartException">Somebody serves it, or it cannot be.</exception>
    public static string? Claim(SidecarOptions options, string api)
    {
        if (options.UnixDomainSocket is not { Length: > 0 } folder)
            return null;
        var file = Path.Combine(Path.GetFullPath(folder, options.BaseDirectory), $"dapr-{options.AppId}-{api}.socket");
        try
        {
            // Systems take no more than about 100 bytes.
            _ = new UnixDomainSocketEndPoint(file);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            if (File.Exists(file) && IsServed(file))
                throw new SidecarStartException($"sidecar of {options.AppId} cannot listen on {file}: another process does; stop that, or choose another folder (--unix-domain-socket)");
            File.Delete(file);
            return file;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            throw new SidecarStartException($"sidecar of {options.AppId} cannot listen on {file}: {failure.Message}; choose another folder (--unix-domain-socket)", failure);
        }
    }

    private static bool IsServed(string file)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(file));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
