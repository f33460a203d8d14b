using System.Text;

namespace Sidecar.Cli.Processes;

/// <summary>Cuts a child's output into lines.</summary>
internal static class Lines
{
    /// <summary>In characters; a longer line is passed on in pieces of this length.</summary>
    public const int Longest = 16 * 1024;

    /// <summary>Hands over each line, until the stream ends or reading is cancelled.</summary>
    public static async Task PumpAsync(Stream stream, Func<string, ValueTask> onLine, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), false, 4096, leaveOpen: true);
        var line = new StringBuilder();
        var buffer = new char[4096];
        try
        {
            while (await reader.ReadAsync(buffer, cancellationToken) is var count and > 0)
                await CutAsync(buffer.AsMemory(0, count), line, onLine);
        }
        catch (Exception end) when (end is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The other end is gone, or nobody waits for it any more: what was read so far counts.
        }

        if (line.Length > 0)
            await onLine(line.ToString());
    }

    private static async ValueTask CutAsync(ReadOnlyMemory<char> text, StringBuilder line, Func<string, ValueTask> onLine)
    {
        while (!text.IsEmpty)
        {
            var end = text.Span.IndexOf('\n');
            var part = end < 0 ? text : text[..end];
            var fits = part[..Math.Min(part.Length, Longest - line.Length)];
            line.Append(fits);
            var complete = end >= 0 && fits.Length == part.Length;
            if (complete || line.Length == Longest)
            {
                if (line.Length > 0 && line[^1] == '\r')
                    line.Length--;
                await onLine(line.ToString());
                line.Clear();
            }

            text = text[(fits.Length + (complete ? 1 : 0))..];
        }
    }
}
