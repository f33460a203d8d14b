using System.Net;
using System.Text.Json;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>Reads the app's answer to a batch: <c>{"statuses":[{"entryId","status"}]}</c> (contract section 2.7, "Bulk subscribe").</summary>
internal static class BulkReply
{
    private const int MaximumBytes = 4 * 1024 * 1024;

    /// <summary>Completes every item.</summary>
    public static async Task ReadAsync(HttpResponseMessage response, IReadOnlyList<BulkItem> items, CancellationToken cancellationToken)
    {
        if (response.StatusCode == HttpStatusCode.NotFound)
            CompleteAll(items, Verdict.Drop, "the app answered 404");
        else if (!response.IsSuccessStatusCode)
            CompleteAll(items, Verdict.Retry, $"the app answered {(int)response.StatusCode}");
        else
            Complete(items, await StatusesAsync(response.Content, cancellationToken).ConfigureAwait(false));
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

    private static void Complete(IReadOnlyList<BulkItem> items, Dictionary<string, string>? statuses)
    {
        foreach (var item in items)
        {
            var status = statuses?.GetValueOrDefault(item.Entry.Id);
            switch (status)
            {
                case "SUCCESS":
                    item.Complete(Verdict.Success);
                    break;
                case "DROP":
                    item.Complete(Verdict.Drop, "the app drops it");
                    break;
                case "RETRY":
                    item.Complete(Verdict.Retry, "the app asks for a retry");
                    break;
                default:
                    item.Complete(Verdict.Retry, statuses is null ? "the app's answer is not a list of statuses" : $"the app answered with no status that is known for it ('{status}')");
                    break;
            }
        }
    }

    private static void CompleteAll(IReadOnlyList<BulkItem> items, Verdict verdict, string reason)
    {
        foreach (var item in items)
            item.Complete(verdict, reason);
    }

    /// <summary>Names regardless of case, as in Go; null has no fields.</summary>
    private static IEnumerable<JsonElement> Fields(JsonElement element, string name) => element.ValueKind == JsonValueKind.Null
        ? []
        : element.EnumerateObject().Where(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(field => field.Value);

    private static string Text(JsonElement element, string name) => Fields(element, name).LastOrDefault() is { ValueKind: not JsonValueKind.Undefined } text ? text.GetString() ?? "" : "";
}
