using Npgsql;

namespace Sidecar.Components.Postgres;

/// <summary>Turns PostgreSQL's codes into messages that name server and database and say what to do.</summary>
internal static class PostgresFault
{
    /// <summary>A server that is not up, is starting, or has no connection left: another attempt may end otherwise.</summary>
    public static bool MayPass(Exception failure) => failure switch
    {
        ComponentException { InnerException: { } inner } => MayPass(inner),
        PostgresException { SqlState: PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.TooManyConnections or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown } => true,
        PostgresException => false,
        NpgsqlException { InnerException: System.Security.Authentication.AuthenticationException } => false,
        NpgsqlException or TimeoutException or System.Net.Sockets.SocketException => true,
        _ => false,
    };

    /// <summary>The connection broke, which a connection that has been idle for a while may have done long ago.</summary>
    public static bool IsLost(Exception failure) =>
        failure is NpgsqlException { InnerException: IOException or System.Net.Sockets.SocketException }
            or PostgresException { SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown };

    public static ComponentException Describe(PostgresOptions options, Exception failure) => new(Text(options, failure), failure);

    private static string Text(PostgresOptions options, Exception failure) => failure switch
    {
        PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } =>
            $"{options.Address} refuses the user '{options.Connection.Username}'; check user and password in 'connectionString', or 'user' and 'password'",
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } =>
            $"{options.Address} has no database '{options.Connection.Database}'; make it, or name another in 'connectionString' or 'database'",
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } refused =>
            $"{options.Address} does not let the user '{options.Connection.Username}' do that ({refused.MessageText}); grant it, or name a schema of the user's in the table's name",
        PostgresException { SqlState: PostgresErrorCodes.InvalidSchemaName } refused => $"{options.Address}: {refused.MessageText}; make the schema, or name the table without it",
        PostgresException { SqlState: PostgresErrorCodes.UndefinedColumn } refused =>
            $"{options.Address}: {refused.MessageText}; the table was made by another version of this component, or by another program: set 'version' to that version, or name another table in 'tablePrefix' (v2) or 'tableName' (v1)",
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } => $"{options.Address} cannot store more: its disk is full",
        PostgresException { SqlState: PostgresErrorCodes.InvalidTextRepresentation or PostgresErrorCodes.UntranslatableCharacter } refused =>
            $"the value is no JSON that PostgreSQL can keep ({refused.MessageText}); 'version: v2' of this component keeps any",
        PostgresException other => $"{options.Address}: {other.MessageText} ({other.SqlState})",
        NpgsqlException { InnerException: TimeoutException } or TimeoutException =>
            $"{options.Address} did not answer within the 'timeout' of {options.Connection.CommandTimeout} s",
        _ => $"{options.Address} cannot be reached ({(failure.InnerException ?? failure).Message})",
    };
}
