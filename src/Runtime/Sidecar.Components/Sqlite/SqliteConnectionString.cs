using System.Text.RegularExpressions;

namespace Sidecar.Components.Sqlite;

/// <summary>
/// Reads Dapr's <c>connectionString</c> of a SQLite component: a path, <c>:memory:</c>, or a <c>file:</c> URI, each with
/// optional settings behind a question mark.
/// </summary>
internal static partial class SqliteConnectionString
{
    /// <summary>These decide how the file is shared between processes, so the component sets them itself.</summary>
    private static readonly string[] Reserved = ["busy_timeout", "journal_mode", "foreign_keys"];

    /// <exception cref="ComponentException">The field is missing or asks for what is not allowed.</exception>
    public static SqliteFileOptions Read(ComponentContext context)
    {
        var text = context.Metadata.Required("connectionString", "url").Trim();
        var isUri = text.StartsWith("file:", StringComparison.OrdinalIgnoreCase);
        var question = text.IndexOf('?', StringComparison.Ordinal);
        var path = question < 0 ? text : text[..question];
        if (isUri)
            path = PathOfUri(path["file:".Length..]);

        var options = new SqliteFileOptions { Path = path, IsInMemory = path == ":memory:" };
        foreach (var setting in question < 0 ? [] : text[(question + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries))
            options = Apply(options, setting);
        if (options.Path.Length == 0)
            throw new ComponentException($"metadata field 'connectionString' is '{text}', which names no file");
        return options.IsInMemory ? options : options with { Path = context.ResolvePath(options.Path) };
    }

    /// <summary>file:data.db, file:/abs/data.db, file:///abs/data.db and file://localhost/abs/data.db; percent-encoded.</summary>
    private static string PathOfUri(string path)
    {
        if (path.StartsWith("//", StringComparison.Ordinal))
        {
            var slash = path.IndexOf('/', 2);
            path = slash < 0 ? "" : path[slash..];
        }

        return Uri.UnescapeDataString(path);
    }

    private static SqliteFileOptions Apply(SqliteFileOptions options, string setting)
    {
        var equals = setting.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? setting : setting[..equals];
        var value = equals < 0 ? "" : Uri.UnescapeDataString(setting[(equals + 1)..]);
        return (name.ToLowerInvariant(), value.ToLowerInvariant()) switch
        {
            ("mode", "memory") => options with { IsInMemory = true },
            ("_pragma", _) => options with { Pragmas = [.. options.Pragmas, Pragma(value)] },
            _ => options,
        };
    }

    private static string Pragma(string value)
    {
        var match = PragmaForm().Match(value);
        if (!match.Success)
            throw new ComponentException($"metadata field 'connectionString' has _pragma '{value}', expected name(value)");
        var name = match.Groups["name"].Value.ToLowerInvariant();
        return Reserved.Contains(name)
            ? throw new ComponentException($"metadata field 'connectionString' must not set _pragma {name}; use the fields 'busyTimeout' and 'disableWAL'")
            : $"{name}={match.Groups["value"].Value}";
    }

    [GeneratedRegex(@"^(?<name>\w+)(\((?<value>[-\w.]+)\)|=(?<value>[-\w.]+))$")]
    private static partial Regex PragmaForm();
}
