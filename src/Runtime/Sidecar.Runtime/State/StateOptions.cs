using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Sidecar.Components.State;

namespace Sidecar.Runtime.State;

/// <summary>Turns the words of a request into what drivers take: concurrency, consistency, time to live.</summary>
internal static class StateOptions
{
    private const string TtlInSeconds = "ttlInSeconds";

    public static bool TryBuild(
        bool isDelete, string key, StateItemRequest item, [NotNullWhen(true)] out StateOperation? operation, [NotNullWhen(false)] out string? problem)
    {
        if (isDelete)
        {
            var deleteIsGood = TryBuildDelete(key, item, out var delete, out problem);
            operation = delete;
            return deleteIsGood;
        }

        var upsertIsGood = TryBuildUpsert(key, item, out var upsert, out problem);
        operation = upsert;
        return upsertIsGood;
    }

    public static bool TryBuildUpsert(
        string key, StateItemRequest item, [NotNullWhen(true)] out StateUpsert? upsert, [NotNullWhen(false)] out string? problem)
    {
        upsert = null;
        if (!TryParse(item, out var concurrency, out var consistency, out problem) ||
            !TryParseTtl(item.Metadata.GetValueOrDefault(TtlInSeconds), out var ttl, out problem))
        {
            return false;
        }

        upsert = new StateUpsert(key, item.Value, item.IsJson)
        {
            ETag = item.ETag,
            Concurrency = concurrency,
            Consistency = consistency,
            TtlInSeconds = ttl,
        };
        return true;
    }

    public static bool TryBuildDelete(
        string key, StateItemRequest item, [NotNullWhen(true)] out StateDelete? delete, [NotNullWhen(false)] out string? problem)
    {
        delete = TryParse(item, out var concurrency, out _, out problem)
            ? new StateDelete(key) { ETag = item.ETag, Concurrency = concurrency }
            : null;
        return delete is not null;
    }

    /// <summary>Absent counts as unspecified.</summary>
    public static bool TryParseConsistency(string? text, out StateConsistency consistency)
    {
        consistency = text switch
        {
            "eventual" => StateConsistency.Eventual,
            "strong" => StateConsistency.Strong,
            _ => StateConsistency.Unspecified,
        };
        return consistency != StateConsistency.Unspecified || string.IsNullOrEmpty(text);
    }

    private static bool TryParse(
        StateItemRequest item, out StateConcurrency concurrency, out StateConsistency consistency, [NotNullWhen(false)] out string? problem)
    {
        concurrency = item.Concurrency switch
        {
            "first-write" => StateConcurrency.FirstWrite,
            "last-write" => StateConcurrency.LastWrite,
            _ => StateConcurrency.Unspecified,
        };
        problem = null;
        if (!TryParseConsistency(item.Consistency, out consistency))
            problem = $"unrecognized consistency model {item.Consistency}";
        else if (item.Concurrency is not (null or "" or "first-write" or "last-write"))
            problem = $"unrecognized concurrency model {item.Concurrency}";
        return problem is null;
    }

    private static bool TryParseTtl(string? text, out int? ttl, [NotNullWhen(false)] out string? problem)
    {
        ttl = null;
        problem = null;
        if (string.IsNullOrEmpty(text))
            return true;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds))
            ttl = seconds;
        else
            problem = $"metadata {TtlInSeconds} is '{text}', expected a whole number of seconds";
        return problem is null;
    }
}
