using System.Net;
using System.Text.Json;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>Reads the app's answer to a batch: <c>{"statuses":[{"entryId","status"}]}</c> (contract section 2.7, "Bulk subscribe").</summary>
internal static class BulkReply
{
    private const int MaximumBytes = 4 * 1024 * 1024;

    /// <summary>What becomes of an entry that the app's answer does not name.</summary>
    public static readonly Outcome NoWord = new(Verdict.Retry, "the app's answer has no status for it");

    /// <summary>Completes every item.</summary>
    public static async Task ReadAsync(HttpResponseMessage response, IReadOnlyList<BatchEntry> entries, CancellationToken cancellationToken)
    {
        if (response.StatusCode == HttpStatusCode.NotFound)
            CompleteAll(entries, new Outcome(Verdict.Drop, "the app answered 404"));
        else if (!response.IsSuccessStatusCode)
            CompleteAll(entries, AppWords.Failure((int)response.StatusCode));
        else
            Complete(entries, await StatusesAsync(response.Content, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>By entry, the last word on each; null when the text has another form.</summary>
    public static Dictionary<string, string>? StatusesOf(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var statuses = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var list in Fields(document.RootElement, "statuses"))
            {
                foreach (var item in list.ValueKind == JsonValueKind.Null ? default : list.EnumerateArray())
                    statuses[Text(item, "entryId")] = Text(item, "status");
            }

            return statuses;
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static async Task<Dictionary<string, string>?> StatusesAsync(HttpContent content, CancellationToken cancellationToken)
    {
        await content.LoadIntoBufferAsync(MaximumBytes, cancellationToken).ConfigureAwait(false);
        return StatusesOf(await content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
    }

    private static void Complete(IReadOnlyList<BatchEntry> entries, Dictionary<string, string>? statuses)
    {
        foreach (var entry in entries)
        {
            entry.Complete(statuses?.GetValueOrDefault(entry.Id) switch
            {
                "SUCCESS" => AppWords.Success,
                "RETRY" => AppWords.Retry,
                "DROP" => AppWords.Drop,
                null or "" => statuses is null ? new Outcome(Verdict.Retry, "the app's answer is not a list of statuses") : NoWord,
                var status => AppWords.Unknown(status),
            });
        }
    }

    private static void CompleteAll(IReadOnlyList<BatchEntry> entries, Outcome outcome)
    {
        foreach (var entry in entries)
            entry.Complete(outcome);
    }

    /// <summary>Names regardless of case, as in Go; null has no fields.</summary>
    private static IEnumerable<JsonElement> Fields(JsonElement element, string name) => element.ValueKind == JsonValueKind.Null
        ? []
        : element.EnumerateObject().Where(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(field => field.Value);

    private static string Text(JsonElement element, string name) => Fields(element, name).LastOrDefault() is { ValueKind: not JsonValueKind.Undefined } text ? text.GetString() ?? "" : "";
}
