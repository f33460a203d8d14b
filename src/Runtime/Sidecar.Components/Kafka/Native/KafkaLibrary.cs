using System.Runtime.InteropServices;

namespace Sidecar.Components.Kafka.Native;

/// <summary>Finds librdkafka, which is loaded when the first Kafka component starts and not before.</summary>
internal static class KafkaLibrary
{
    public const string Name = "rdkafka";

    private static readonly Lock Loading = new();
    private static nint _handle;

    /// <summary>File names to try, the one of a system's package first.</summary>
    public static IReadOnlyList<string> Files { get; } =
        OperatingSystem.IsWindows() ? ["librdkafka.dll", "rdkafka.dll"]
        : OperatingSystem.IsMacOS() ? ["librdkafka.1.dylib", "librdkafka.dylib", "/opt/homebrew/lib/librdkafka.dylib", "/usr/local/lib/librdkafka.dylib"]
        : ["librdkafka.so.1", "librdkafka.so"];

    /// <summary>Makes sure that the library can be called.</summary>
    /// <exception cref="ComponentException">It is not on this machine.</exception>
    public static void Load()
    {
        lock (Loading)
        {
            if (_handle != 0)
                return;
            _handle = Find(static file => NativeLibrary.TryLoad(file, out var handle) ? handle : 0);
            NativeLibrary.SetDllImportResolver(typeof(KafkaLibrary).Assembly, static (name, _, _) => name == Name ? _handle : 0);
        }
    }

    /// <param name="open">Handle of a library, or 0 where there is no such file.</param>
    /// <exception cref="ComponentException">None of <see cref="Files"/> can be opened.</exception>
    public static nint Find(Func<string, nint> open)
    {
        foreach (var file in Files)
        {
            if (open(file) is var handle && handle != 0)
                return handle;
        }

        throw new ComponentException(
            $"needs the library librdkafka, and {Files[0]} is not on this machine: on Debian and Ubuntu 'apt-get install librdkafka1', " +
            "on macOS 'brew install librdkafka', on Windows put librdkafka.dll of the NuGet package librdkafka.redist beside daprd or into a folder of PATH");
    }
}
