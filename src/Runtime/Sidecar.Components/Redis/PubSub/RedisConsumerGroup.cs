using System.Globalization;

namespace Sidecar.Components.Redis;

/// <summary>An entry that some consumer of the group has and has not acknowledged.</summary>
internal readonly record struct PendingEntry(string Id, TimeSpan Idle);

/// <summary>What is asked of the server for one stream and one group. All its consumers have the name of the group, as Dapr's have.</summary>
internal sealed class RedisConsumerGroup(RedisClient client, RedisRetries retries, string topic, RedisTopicOptions options)
{
    private readonly string _name = options.ConsumerId;

    public string Topic => topic;

    /// <summary>Makes the stream and the group where they are missing; a new group begins with the oldest entry.</summary>
    public async Task CreateAsync(CancellationToken cancellationToken)
    {
        var reply = await client.ExecuteAsync(RedisCommand.Read("XGROUP", "CREATE", topic, _name, "0", "MKSTREAM"), retries, cancellationToken).ConfigureAwait(false);
        if (reply.IsError && !reply.IsErrorOf("BUSYGROUP "u8))
            throw RedisErrors.Of(reply);
    }

    /// <summary>New entries, or none within <paramref name="wait"/>; null when the group is gone.</summary>
    public async Task<IReadOnlyList<RedisStreamEntry>?> ReadAsync(RedisConnection connection, TimeSpan wait)
    {
        var read = new RedisCommand("XREADGROUP", "GROUP", _name, _name, "COUNT", options.QueueDepth, "BLOCK", (long)wait.TotalMilliseconds, "STREAMS", topic, ">") { ServerWaits = wait };
        var reply = await connection.SendAsync(read).ConfigureAwait(false);
        if (reply.IsErrorOf("NOGROUP "u8) || reply.IsErrorOf("UNBLOCKED "u8))
            return null;
        if (reply.IsError)
            throw RedisErrors.Of(reply);

        // [[stream, entries]], or in RESP3 {stream: entries}.
        var entries = reply.List switch
        {
            [{ Kind: RespKind.Items, List: [_, var listed] }] => listed,
            [_, var mapped] => mapped,
            _ => RespReply.Null,
        };
        return [.. RedisStreamEntry.Read(entries.List, topic, client.Time.GetTimestamp())];
    }

    /// <summary>Pending entries of all consumers from that id on, a limited number.</summary>
    public async Task<IReadOnlyList<PendingEntry>> ListPendingAsync(string from, int most, CancellationToken cancellationToken)
    {
        var reply = await client.ExecuteAsync(RedisCommand.Read("XPENDING", topic, _name, from, "+", most), retries, cancellationToken).ConfigureAwait(false);
        if (reply.IsErrorOf("NOGROUP "u8))
            return [];
        if (reply.IsError)
            throw RedisErrors.Of(reply);
        return [.. reply.List.Select(entry => new PendingEntry(entry.List[0].Text, TimeSpan.FromMilliseconds(entry.List[2].Number)))];
    }

    /// <summary>Makes pending entries this consumer's, except those that somebody has had for less than <paramref name="idle"/>.</summary>
    public async Task<IReadOnlyList<RedisStreamEntry>> ClaimAsync(IEnumerable<string> ids, TimeSpan idle, CancellationToken cancellationToken)
    {
        // Not repeatable: what the first has claimed the second would not be given.
        var reply = await client.ExecuteAsync(new RedisCommand(Claim(idle, ids)), retries, cancellationToken).ConfigureAwait(false);
        return reply.IsError ? throw RedisErrors.Of(reply) : [.. RedisStreamEntry.Read(reply.List, topic, client.Time.GetTimestamp())];
    }

    /// <summary>Counts the idle time of an entry from now on. False when it is not this consumer's any more.</summary>
    public async Task<bool> TryKeepAsync(string id, TimeSpan idle, CancellationToken cancellationToken)
    {
        var reply = await client.ExecuteAsync(new RedisCommand([.. Claim(idle, [id]), "JUSTID"]), retries, cancellationToken).ConfigureAwait(false);
        return reply.IsError ? throw RedisErrors.Of(reply) : reply.List.Count > 0;
    }

    /// <summary>Makes entries look as if they had been idle for long, so that the next who looks through them claims them.</summary>
    public async Task GiveBackAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        var idle = (long)options.ProcessingTimeout.TotalMilliseconds;
        var command = new RedisCommand([.. Claim(TimeSpan.Zero, ids), "IDLE", idle, "JUSTID"]) { IsRepeatable = true };
        var reply = await client.ExecuteAsync(command, retries, cancellationToken).ConfigureAwait(false);
        if (reply.IsError)
            throw RedisErrors.Of(reply);
    }

    public async Task AcknowledgeAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        var command = new RedisCommand(["XACK", topic, _name, .. ids.Select(id => (RedisArgument)id)]) { IsRepeatable = true };
        var reply = await client.ExecuteAsync(command, retries, cancellationToken).ConfigureAwait(false);
        if (reply.IsError)
            throw RedisErrors.Of(reply);
    }

    /// <summary>Ends a read of that connection that waits. False when it does not wait, or the server lets nobody do that.</summary>
    public async Task<bool> TryUnblockAsync(long connectionId, CancellationToken cancellationToken)
    {
        var reply = await client.ExecuteAsync(RedisCommand.Read("CLIENT", "UNBLOCK", connectionId), retries with { Most = 0 }, cancellationToken).ConfigureAwait(false);
        return reply.Number == 1;
    }

    private RedisArgument[] Claim(TimeSpan idle, IEnumerable<string> ids) =>
        ["XCLAIM", topic, _name, _name, ((long)idle.TotalMilliseconds).ToString(CultureInfo.InvariantCulture), .. ids.Select(id => (RedisArgument)id)];
}
