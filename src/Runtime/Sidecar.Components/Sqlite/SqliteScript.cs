namespace Sidecar.Components.Sqlite;

/// <summary>Runs statements without parameters, all or none: tables and indexes that must stand before a component works.</summary>
internal sealed class SqliteScript(params string[] statements) : SqliteOperation<int>
{
    public override bool NeedsSavepoint => true;

    protected override int Execute(SqliteSession session)
    {
        foreach (var statement in statements)
            session.Control(statement);
        return statements.Length;
    }
}
