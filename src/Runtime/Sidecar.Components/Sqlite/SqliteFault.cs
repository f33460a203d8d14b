using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Sidecar.Components.Sqlite;

/// <summary>Turns SQLite's codes into messages that name the file and what to do.</summary>
internal static class SqliteFault
{
    public static Exception Describe(string path, Exception failure) => failure switch
    {
        SqliteException sqlite => new ComponentException(Describe(path, sqlite.SqliteErrorCode, sqlite.Message), sqlite),
        UnauthorizedAccessException or IOException => new ComponentException(Describe(path, raw.SQLITE_CANTOPEN, failure.Message), failure),
        _ => failure,
    };

    public static string Describe(string path, int code, string detail) => (code & 0xff) switch
    {
        raw.SQLITE_NOTADB or raw.SQLITE_CORRUPT =>
            $"'{path}' is not a sound SQLite database; restore it, move it away to start empty, or name another file in 'connectionString' ({detail})",
        raw.SQLITE_CANTOPEN or raw.SQLITE_PERM or raw.SQLITE_READONLY or raw.SQLITE_IOERR =>
            $"'{path}' cannot be opened for writing; check that its folder exists and is writable for this user, or name another file in 'connectionString' ({detail})",
        raw.SQLITE_FULL => $"'{path}' cannot grow: the disk is full ({detail})",
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => $"'{path}' is locked by another process for longer than 'busyTimeout'; end that process or raise the limit",
        _ => $"'{path}': {detail}",
    };
}
