using System.Text.RegularExpressions;
using Npgsql;

namespace Sidecar.Components.Postgres;

/// <summary>The fields that all PostgreSQL components have.</summary>
internal sealed partial record PostgresOptions(NpgsqlConnectionStringBuilder Connection, TimeSpan CleanupInterval)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>Fields that stand for a part of the connection string.</summary>
    private static readonly string[] Parts = ["host", "hostaddr", "port", "database", "user", "password", "sslRootCert"];

    /// <summary>How server and database are called in messages; never with the password.</summary>
    public string Address => $"PostgreSQL at {Connection.Host}:{Connection.Port}";

    /// <exception cref="ComponentException">A field is wrong.</exception>
    public static PostgresOptions Read(ComponentContext context)
    {
        var metadata = context.Metadata;
        foreach (var field in (ReadOnlySpan<string>)["useAzureAD", "useAWSIAM"])
        {
            if (metadata.Flag(field))
                throw new ComponentException($"metadata field '{field}': sign-in by a token is not supported here; give user and password");
        }

        var connection = PostgresAddress.Parse(metadata.Find("connectionString", "url") ?? string.Join(' ', Parts.Where(part => metadata.Find(part) is not null).Select(part => $"{part}={Quoted(metadata.Find(part)!)}")));
        if (metadata.Find("connectionString", "url") is not null)
            Override(connection, metadata);
        if (connection.RootCertificate is { } certificate)
            connection.RootCertificate = context.ResolvePath(certificate);
        if (string.IsNullOrEmpty(connection.Host))
            throw new ComponentException("metadata field 'connectionString' names no host");

        var timeout = metadata.DurationOf(["timeout", "timeoutInSeconds"], TimeSpan.FromSeconds(20), Second);
        if (timeout < Second)
            throw new ComponentException("metadata field 'timeout' must be at least 1s");
        connection.CommandTimeout = (int)Math.Min(Math.Ceiling(timeout.TotalSeconds), int.MaxValue);
        connection.Timeout = Math.Min(connection.CommandTimeout, 1024);
        Pool(connection, metadata);
        PostgresAddress.SetExecMode(connection, "metadata field 'queryExecMode'", metadata.Text("queryExecMode", ""));
        return new PostgresOptions(connection, metadata.DurationOf(["cleanupInterval", "cleanupIntervalInSeconds"], TimeSpan.FromHours(1), Second));
    }

    /// <summary>A name as it stands in SQL: without quotes, so that it means what it means in Dapr's own statements.</summary>
    /// <exception cref="ComponentException">It is none.</exception>
    public static string Name(ComponentMetadata metadata, string field, string defaultValue)
    {
        var name = metadata.Text(field, defaultValue);
        return name.Length == 0 || NameForm().IsMatch(name)
            ? name
            : throw new ComponentException($"metadata field '{field}' is '{name}', expected letters, digits and '_', with a schema and a dot before it if need be");
    }

    private static void Override(NpgsqlConnectionStringBuilder connection, ComponentMetadata metadata)
    {
        var parts = PostgresAddress.Parse(string.Join(' ', Parts.Where(part => metadata.Find(part) is not null).Select(part => $"{part}={Quoted(metadata.Find(part)!)}")));
        connection.Host = parts.Host ?? connection.Host;
        connection.Port = metadata.Find("port") is null ? connection.Port : parts.Port;
        connection.Database = parts.Database ?? connection.Database;
        connection.Username = parts.Username ?? connection.Username;
        connection.Password = parts.Password ?? connection.Password;
        connection.RootCertificate = parts.RootCertificate ?? connection.RootCertificate;
    }

    private static string Quoted(string value) => $"'{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";

    private static void Pool(NpgsqlConnectionStringBuilder connection, ComponentMetadata metadata)
    {
        var most = metadata.Integer("maxConns", 0, 0, 10_000);
        if (most > 0)
            connection.MaxPoolSize = most;
        else if (!connection.ShouldSerialize("Maximum Pool Size"))
            connection.MaxPoolSize = Math.Max(4, Environment.ProcessorCount);
        connection.MinPoolSize = Math.Min(connection.MinPoolSize, connection.MaxPoolSize);
        var idle = metadata.Duration("connectionMaxIdleTime", TimeSpan.Zero, Second);
        if (idle > TimeSpan.Zero)
            connection.ConnectionIdleLifetime = (int)Math.Ceiling(idle.TotalSeconds);
        connection.ConnectionPruningInterval = Math.Clamp(connection.ConnectionIdleLifetime, 1, 10);
    }

    [GeneratedRegex(@"^([A-Za-z_][A-Za-z0-9_]*\.)?[A-Za-z_][A-Za-z0-9_]*$|^[A-Za-z_][A-Za-z0-9_]*\.$")]
    private static partial Regex NameForm();
}
