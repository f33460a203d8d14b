namespace Sidecar.Grpc;

/// <summary>Values of <c>-bin</c> headers: base64, written without padding and read with or without it.</summary>
internal static class BinaryHeader
{
    public const string Suffix = "-bin";

    public static bool IsBinary(string key) => key.EndsWith(Suffix, StringComparison.Ordinal);

    public static string Encode(ReadOnlySpan<byte> value) => Convert.ToBase64String(value).TrimEnd('=');

    public static bool TryDecode(ReadOnlySpan<char> text, out byte[] value)
    {
        var digits = text.Trim().TrimEnd('=');
        value = [];
        if (digits.Length % 4 == 1)
            return false;

        var padded = new char[(digits.Length + 3) / 4 * 4];
        digits.CopyTo(padded);
        padded.AsSpan(digits.Length).Fill('=');
        var bytes = new byte[digits.Length * 3 / 4];
        if (!Convert.TryFromBase64Chars(padded, bytes, out var written) || written != bytes.Length)
            return false;
        value = bytes;
        return true;
    }
}
