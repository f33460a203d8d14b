namespace Dapr.Client;

/// <summary>Who wins when two write the same key.</summary>
public enum ConcurrencyMode
{
    /// <summary>The first: a write that carries an outdated ETag is refused.</summary>
    FirstWrite,

    /// <summary>The last: every write goes through.</summary>
    LastWrite,
}
