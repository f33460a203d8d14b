using System.Globalization;
using System.Text;
using Npgsql;

namespace Sidecar.Components.Postgres;

/// <summary>
/// A connection string as PostgreSQL's own programs and Dapr take it, in the client library's form: words
/// (<c>host=h user='a b'</c>) or a URL (<c>postgres://user:password@host:5432/db?sslmode=require</c>).
/// </summary>
internal static class PostgresAddress
{
    private const string Field = "connectionString";

    private delegate void Setter(NpgsqlConnectionStringBuilder builder, string value);

    private static readonly Dictionary<string, Setter> Words = new(StringComparer.OrdinalIgnoreCase)
    {
        ["host"] = (builder, value) => builder.Host = value,
        ["hostaddr"] = (builder, value) => builder.Host = value,
        ["port"] = (builder, value) => builder.Port = Number("port", value, 1, 65535),
        ["user"] = (builder, value) => builder.Username = value,
        ["password"] = (builder, value) => builder.Password = value,
        ["dbname"] = (builder, value) => builder.Database = value,
        ["database"] = (builder, value) => builder.Database = value,
        ["passfile"] = (builder, value) => builder.Passfile = value,
        ["connect_timeout"] = (builder, value) => builder.Timeout = Number("connect_timeout", value, 0, 1024),
        ["application_name"] = (builder, value) => builder.ApplicationName = value,
        ["fallback_application_name"] = (builder, value) => builder.ApplicationName ??= value,
        ["client_encoding"] = (_, _) => { },
        ["search_path"] = (builder, value) => builder.SearchPath = value,
        ["timezone"] = (builder, value) => builder.Timezone = value,
        ["options"] = (builder, value) => builder.Options = value,
        ["sslmode"] = (builder, value) => builder.SslMode = Mode(value),
        ["sslrootcert"] = (builder, value) => builder.RootCertificate = value,
        ["sslcert"] = (builder, value) => builder.SslCertificate = value,
        ["sslkey"] = (builder, value) => builder.SslKey = value,
        ["sslpassword"] = (builder, value) => builder.SslPassword = value,
        ["sslsni"] = (_, _) => { },
        ["target_session_attrs"] = (builder, value) => builder.TargetSessionAttributes = value,

        // Of the pool that Dapr's own component has.
        ["pool_max_conns"] = (builder, value) => builder.MaxPoolSize = Number("pool_max_conns", value, 1, 10_000),
        ["pool_min_conns"] = (builder, value) => builder.MinPoolSize = Number("pool_min_conns", value, 0, 10_000),
        ["pool_max_conn_lifetime"] = (builder, value) => builder.ConnectionLifetime = Seconds("pool_max_conn_lifetime", value),
        ["pool_max_conn_idle_time"] = (builder, value) => builder.ConnectionIdleLifetime = Seconds("pool_max_conn_idle_time", value),
        ["pool_max_conn_lifetime_jitter"] = (_, value) => Seconds("pool_max_conn_lifetime_jitter", value),
        ["pool_health_check_period"] = (_, value) => Seconds("pool_health_check_period", value),
        ["default_query_exec_mode"] = (builder, value) => SetExecMode(builder, "default_query_exec_mode", value),
        ["statement_cache_capacity"] = (builder, value) => builder.MaxAutoPrepare = Number("statement_cache_capacity", value, 0, 10_000),
        ["description_cache_capacity"] = (_, value) => Number("description_cache_capacity", value, 0, 10_000),
    };

    /// <exception cref="ComponentException">The text has no meaning; the message holds none of its values.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string text)
    {
        // Nothing of a session is changed, so nothing need be reset between two users of a connection.
        var builder = new NpgsqlConnectionStringBuilder { NoResetOnClose = true, GssEncryptionMode = GssEncryptionMode.Disable, MaxAutoPrepare = 20, AutoPrepareMinUsages = 2 };
        var words = text.StartsWith("postgres://", StringComparison.Ordinal) || text.StartsWith("postgresql://", StringComparison.Ordinal) ? OfUrl(text) : OfWords(text);
        foreach (var (index, (name, value)) in words.Index())
        {
            // Not by its name: that may be the rest of a password with a blank in it.
            var set = Words.GetValueOrDefault(name) ??
                throw new ComponentException($"metadata field '{Field}': part {index + 1} has a name that is not known; known are {string.Join(", ", Words.Keys)}");
            set(builder, value);
        }

        return builder;
    }

    /// <exception cref="ComponentException">There is no such mode.</exception>
    public static void SetExecMode(NpgsqlConnectionStringBuilder builder, string field, string mode) => builder.MaxAutoPrepare = mode switch
    {
        "" or "cache_statement" => builder.MaxAutoPrepare,
        "cache_describe" or "describe_exec" or "exec" or "simple_protocol" => 0,
        _ => throw new ComponentException($"'{field}' is '{mode}', expected cache_statement, cache_describe, describe_exec, exec or simple_protocol"),
    };

    private static List<(string Name, string Value)> OfUrl(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri))
            throw new ComponentException($"metadata field '{Field}' is no URL of the form postgres://user:password@host:port/database; characters such as @, /, : and # in a password are written as %40, %2F, %3A and %23");
        List<(string, string)> words = [];
        if (uri.Host.Length > 0)
            words.Add(("host", uri.Host.Trim('[', ']')));
        if (uri.Port > 0)
            words.Add(("port", uri.Port.ToString(CultureInfo.InvariantCulture)));
        if (uri.UserInfo.Length > 0)
        {
            var colon = uri.UserInfo.IndexOf(':', StringComparison.Ordinal);
            words.Add(("user", Uri.UnescapeDataString(colon < 0 ? uri.UserInfo : uri.UserInfo[..colon])));
            if (colon >= 0)
                words.Add(("password", Uri.UnescapeDataString(uri.UserInfo[(colon + 1)..])));
        }

        if (uri.AbsolutePath.Length > 1)
            words.Add(("dbname", Uri.UnescapeDataString(uri.AbsolutePath[1..])));
        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            words.Add(equals < 0 ? (Uri.UnescapeDataString(pair), "") : (Uri.UnescapeDataString(pair[..equals]), Uri.UnescapeDataString(pair[(equals + 1)..])));
        }

        return words;
    }

    // words  = *( blanks name blanks "=" blanks value ) blanks          (libpq, "Keyword/Value Connection Strings")
    // value  = bare / "'" *( any but ' and \ / "\" any ) "'"
    // bare   = *( any but blank and \ / "\" any )
    private static List<(string Name, string Value)> OfWords(string text)
    {
        List<(string, string)> words = [];
        for (var at = Blanks(text, 0); at < text.Length; at = Blanks(text, at))
        {
            var equals = text.IndexOf('=', at);
            var name = equals < 0 ? "" : text[at..equals].Trim();
            if (name.Length == 0 || name.Any(char.IsWhiteSpace))
                throw new ComponentException($"metadata field '{Field}' is neither name=value words nor a postgres:// URL; part {words.Count + 1} has no '='");
            at = Blanks(text, equals + 1);
            words.Add((name, Value(text, name, ref at)));
        }

        return words;
    }

    private static string Value(string text, string name, ref int at)
    {
        var value = new StringBuilder();
        var quoted = at < text.Length && text[at] == '\'';
        if (quoted)
            at++;
        for (; at < text.Length; at++)
        {
            if (quoted ? text[at] == '\'' : char.IsWhiteSpace(text[at]))
            {
                at++;
                return value.ToString();
            }

            if (text[at] == '\\' && at + 1 < text.Length)
                at++;
            value.Append(text[at]);
        }

        return quoted ? throw new ComponentException($"metadata field '{Field}': the quoted value of '{name}' has no end") : value.ToString();
    }

    private static int Blanks(string text, int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
            at++;
        return at;
    }

    private static SslMode Mode(string value) => value switch
    {
        "disable" => SslMode.Disable,
        "allow" => SslMode.Allow,
        "prefer" => SslMode.Prefer,
        "require" => SslMode.Require,
        "verify-ca" => SslMode.VerifyCA,
        "verify-full" => SslMode.VerifyFull,
        _ => throw new ComponentException($"metadata field '{Field}' has sslmode '{value}', expected disable, allow, prefer, require, verify-ca or verify-full"),
    };

    private static int Number(string name, string value, int minimum, int maximum) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= minimum && number <= maximum
            ? number
            : throw new ComponentException($"metadata field '{Field}' has {name} '{value}', expected an integer from {minimum} to {maximum}");

    private static int Seconds(string name, string value) =>
        GoText.TryParseDuration(value, out var duration) && duration >= TimeSpan.Zero
            ? (int)Math.Ceiling(duration.TotalSeconds)
            : throw new ComponentException($"metadata field '{Field}' has {name} '{value}', expected a duration such as 30s or 5m");
}
