using System.Text;
using Microsoft.AspNetCore.Http;
using Sidecar.Components.Http;

namespace Sidecar.Runtime.Errors;

/// <summary>Metadata of a response as headers: <c>Metadata.statuscode: 200</c> (contract 2.0).</summary>
internal static class ResponseMetadata
{
    private const char LargestByte = '\u00ff';

    /// <summary>What cannot stand in a header is left out (a name) or replaced by blanks (a part of a value).</summary>
    public static void Write(IHeaderDictionary headers, IReadOnlyDictionary<string, string> metadata)
    {
        foreach (var (name, value) in metadata)
        {
            var header = $"metadata.{name}";
            if (GoHeaders.IsName(header))
                headers[GoHeaders.Canonical(header)] = ToValue(value);
        }
    }

    // Headers are written with one byte per char.
    private static string ToValue(string text)
    {
        var bytes = text.AsSpan().IndexOfAnyExceptInRange('\0', LargestByte) < 0 ? text : Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));
        return GoHeaders.IsValue(bytes) ? bytes : string.Create(bytes.Length, bytes, static (value, bytes) =>
        {
            for (var index = 0; index < bytes.Length; index++)
                value[index] = GoHeaders.IsValue(bytes.AsSpan(index, 1)) ? bytes[index] : ' ';
        });
    }
}
