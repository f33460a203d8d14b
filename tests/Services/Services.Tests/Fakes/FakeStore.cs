using System.Globalization;

namespace Services.Tests.Fakes;

/// <summary>How a backend behaves where backends differ.</summary>
public enum Backend
{
    /// <summary>Transactions roll back; a first write that comes second is a conflict.</summary>
    Sqlite,

    /// <summary>As <see cref="Sqlite"/>, but a first write that comes second is a plain error.</summary>
    Postgres,

    /// <summary>
    /// Transactions neither roll back nor heed first-write, and their outbox marker is written even then; after a first-write save
    /// every later save needs the ETag.
    /// </summary>
    Redis,
}

public enum SaveOutcome
{
    Saved,
    Conflict,
    Refused,
}

/// <summary>The documents of all apps, in memory, with the ETag rules of a backend.</summary>
public sealed class FakeStore(Backend backend = Backend.Sqlite)
{
    private readonly Dictionary<string, Entry> _entries = [];
    private long _version;

    public Backend Backend => backend;

    public IEnumerable<string> Keys => _entries.Keys;

    public (byte[]? Value, string ETag) Get(string key) =>
        _entries.TryGetValue(key, out var entry) ? (entry.Value, entry.ETag) : (null, "");

    public SaveOutcome Save(string key, byte[] value, string? etag, bool firstWrite)
    {
        var outcome = Judge(key, etag, firstWrite);
        if (outcome == SaveOutcome.Saved)
            Put(key, value, firstWrite);
        return outcome;
    }

    /// <summary>Applies upserts as a transaction of this backend does.</summary>
    /// <returns>Whether it succeeded.</returns>
    public bool Transact(IReadOnlyList<(string Key, byte[] Value, string? ETag, bool FirstWrite)> upserts)
    {
        var succeeds = upserts.All(item => Judge(item.Key, item.ETag, item.FirstWrite && backend != Backend.Redis) == SaveOutcome.Saved);
        if (backend != Backend.Redis && !succeeds)
            return false;

        foreach (var item in upserts)
        {
            if (Judge(item.Key, item.ETag, item.FirstWrite && backend != Backend.Redis) == SaveOutcome.Saved)
                Put(item.Key, item.Value, firstWrite: false);
        }

        return succeeds;
    }

    private SaveOutcome Judge(string key, string? etag, bool firstWrite)
    {
        var exists = _entries.TryGetValue(key, out var entry);
        var conditional = !string.IsNullOrEmpty(etag);
        if (backend == Backend.Redis)
        {
            if (!exists || (conditional ? entry!.ETag == etag : !entry!.FirstWrite))
                return SaveOutcome.Saved;
            return conditional ? SaveOutcome.Conflict : SaveOutcome.Refused;
        }

        if (conditional)
            return exists && entry!.ETag == etag ? SaveOutcome.Saved : SaveOutcome.Conflict;
        if (!firstWrite || !exists)
            return SaveOutcome.Saved;
        return backend == Backend.Postgres ? SaveOutcome.Refused : SaveOutcome.Conflict;
    }

    private void Put(string key, byte[] value, bool firstWrite)
    {
        var marked = firstWrite || (_entries.TryGetValue(key, out var entry) && entry.FirstWrite);
        _entries[key] = new Entry(value, (++_version).ToString(CultureInfo.InvariantCulture), marked);
    }

    private sealed record Entry(byte[] Value, string ETag, bool FirstWrite);
}
