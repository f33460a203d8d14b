using System.Buffers.Text;
using System.Text;

namespace Dapr.Client;

/// <summary>
/// Bytes as a value of the HTTP API, which takes JSON only: a JSON string that holds a <c>data:</c> URI (RFC 2397). Any other
/// value reads as the bytes of its text, which is what the official SDK reads and saves over gRPC.
/// </summary>
internal static class ByteState
{
    private static ReadOnlySpan<byte> Prefix => "data:application/octet-stream;base64,"u8;

    public static string Encode(ReadOnlySpan<byte> bytes) => Encoding.ASCII.GetString(Prefix) + Convert.ToBase64String(bytes);

    /// <param name="stored">As the sidecar answers; an encrypted store gives strings back without their quotes.</param>
    public static ReadOnlyMemory<byte> Decode(byte[] stored)
    {
        var text = stored.AsSpan();
        if (text is [(byte)'"', .. var inner, (byte)'"'])
            text = inner;
        if (!text.StartsWith(Prefix))
            return stored;
        var base64 = text[Prefix.Length..];
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(base64.Length)];
        return Base64.DecodeFromUtf8(base64, bytes, out _, out var written) == System.Buffers.OperationStatus.Done ? bytes.AsMemory(0, written) : stored;
    }
}
