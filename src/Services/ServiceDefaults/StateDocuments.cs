using Dapr;
using Dapr.Client;

namespace Shop.ServiceDefaults;

/// <summary>
/// The two ways in which a service writes a document: insert it unless it is there, and read, decide, write under its ETag.
/// A write whose outcome is unknown counts as failed: the document is read again and the decision made again, so decisions must
/// recognise what they have already done.
/// </summary>
public static class StateDocuments
{
    /// <summary>Component that holds the documents of every service, each under the prefix of its app-id.</summary>
    public const string Store = "statestore";

    private const int Attempts = 50;

    // Given with the ETag too: some backends then refuse every later write that brings none, whoever makes it.
    private static readonly StateOptions FirstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };

    /// <summary>Inserts the document, or reads the one that was there first.</summary>
    /// <exception cref="DaprException">The store cannot be reached, or refuses the write for another reason.</exception>
    public static async Task<(T Document, bool Created)> InsertOrGetAsync<T>(
        this DaprClient dapr, string key, T document, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
        where T : class
    {
        DaprException? failure = null;
        try
        {
            // An empty ETag is none; first-write without one means: only if absent.
            if (await dapr.TrySaveStateAsync(Store, key, document, "", FirstWrite, metadata, cancellationToken))
                return (document, true);
        }
        catch (DaprException refused)
        {
            // Some backends answer a plain error, not a conflict, when a first write comes second.
            failure = refused;
        }

        var standing = await dapr.GetStateAsync<T>(Store, key, cancellationToken: cancellationToken);
        return standing is not null
            ? (standing, false)
            : throw failure ?? new DaprException($"The document {key} could neither be inserted nor read.");
    }

    /// <summary>
    /// Reads the document and lets <paramref name="decide"/> say what it should be; writes that under the ETag read, and starts
    /// over when the write fails. Returning the same instance (or null when there is no document) means nothing is to be written.
    /// </summary>
    /// <returns>What stands in the store, together with what was decided about it.</returns>
    /// <exception cref="DaprException">The store cannot be reached, or others wrote first in every one of 50 attempts.</exception>
    public static async Task<(T? Document, TDecision Decision)> UpdateAsync<T, TDecision>(
        this DaprClient dapr, string key, Func<T?, (T? Next, TDecision Decision)> decide, CancellationToken cancellationToken)
        where T : class
    {
        DaprException? failure = null;
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            var (current, etag) = await dapr.GetStateAndETagAsync<T>(Store, key, cancellationToken: cancellationToken);
            var (next, decision) = decide(current);
            if (next is null || ReferenceEquals(next, current))
                return (current, decision);

            try
            {
                if (await dapr.TrySaveStateAsync(Store, key, next, etag ?? "", FirstWrite, cancellationToken: cancellationToken))
                    return (next, decision);
                failure = null;
            }
            catch (DaprException unknown) when (failure is null)
            {
                // Written or not: the next read tells. Two such failures in a row mean that the store is in trouble.
                failure = unknown;
            }
        }

        throw failure ?? new DaprException($"The document {key} changed under each of {Attempts} attempts to write it.");
    }
}
