using System.Text;

namespace Sidecar.Runtime.Invocation;

/// <summary>
/// The method of an invocation as it may be forwarded (contract 2.4): percent-decoded once, cleaned of <c>//</c>, <c>.</c> and
/// <c>..</c>, and escaped again. Access rules and the call both use this form, so that no spelling slips past a rule.
/// </summary>
internal static class MethodPath
{
    /// <summary>Characters of a path that stand for themselves (RFC 3986, section 3.3), apart from letters and digits.</summary>
    private const string Plain = "-._~!$&'()*+,;=:@/";

    /// <summary>False when the method has characters that must not reach an app: <c># ? %</c>, NUL and other controls, or a bad escape.</summary>
    public static bool TryClean(string escaped, out string cleaned)
    {
        cleaned = "";
        if (!TryDecode(escaped, out var decoded) || decoded.AsSpan().IndexOfAny('#', '?', '%') >= 0 || decoded.AsSpan().ContainsAnyInRange('\0', '\u001f') || decoded.Contains('\u007f'))
            return false;
        cleaned = Escape(RemoveDots(decoded));
        return true;
    }

    private static bool TryDecode(string escaped, out string decoded)
    {
        decoded = escaped;
        if (!escaped.Contains('%', StringComparison.Ordinal))
            return true;

        for (var i = escaped.IndexOf('%', StringComparison.Ordinal); i < escaped.Length; i++)
        {
            if (escaped[i] == '%' && (i + 2 >= escaped.Length || !char.IsAsciiHexDigit(escaped[i + 1]) || !char.IsAsciiHexDigit(escaped[i + 2])))
                return false;
        }

        decoded = Uri.UnescapeDataString(escaped);
        return true;
    }

    private static string RemoveDots(string path)
    {
        if (!path.Contains("//", StringComparison.Ordinal) && !path.Contains("./", StringComparison.Ordinal) && !path.EndsWith('.') && !path.StartsWith('/'))
            return path;

        var kept = new List<string>();
        foreach (var segment in path.Split('/'))
        {
            if (segment == ".." && kept.Count > 0)
                kept.RemoveAt(kept.Count - 1);
            else if (segment is not ("" or "." or ".."))
                kept.Add(segment);
        }

        // A trailing slash means something to an app's router.
        var joined = string.Join('/', kept);
        return path.EndsWith('/') && joined.Length > 0 ? joined + "/" : joined;
    }

    private static string Escape(string path)
    {
        var needsEscape = false;
        foreach (var character in path)
            needsEscape |= !char.IsAsciiLetterOrDigit(character) && !Plain.Contains(character, StringComparison.Ordinal);
        if (!needsEscape)
            return path;

        var escaped = new StringBuilder(path.Length + 16);
        Span<byte> bytes = stackalloc byte[4];
        foreach (var rune in path.EnumerateRunes())
        {
            if (rune.IsAscii && (char.IsAsciiLetterOrDigit((char)rune.Value) || Plain.Contains((char)rune.Value, StringComparison.Ordinal)))
            {
                escaped.Append((char)rune.Value);
                continue;
            }

            foreach (var part in bytes[..rune.EncodeToUtf8(bytes)])
                escaped.Append('%').Append(part.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }

        return escaped.ToString();
    }
}
