using Microsoft.Extensions.Logging;
using Sidecar.Components.State;

namespace Sidecar.Components.Redis;

/// <summary>
/// <c>state.redis</c>, in Dapr's own layout. ETags are the numbers of versions; an earlier time to live stays when a save brings
/// none; the operations of a transaction run without another's between, and one that fails undoes none of the others.
/// </summary>
internal sealed partial class RedisStateStore : IStateStore
{
    /// <summary>Milliseconds that a strong write waits for replicas.</summary>
    private const int ReplicasWait = 1000;

    private ILogger _logger = null!;
    private SharedLease<RedisClient>? _client;
    private SharedLease<RedisClient>? _strongClient;
    private RedisRetries _retries;
    private int? _ttl;
    private int _replicas;

    public StateFeatures Features => StateFeatures.ETag | StateFeatures.Transactional | StateFeatures.Ttl | StateFeatures.KeysLike;

    private RedisClient Client => _client!.Value;

    public async Task InitAsync(ComponentContext context, CancellationToken cancellationToken)
    {
        // 1. Everything the metadata says, before anything is opened.
        var metadata = context.Metadata;
        _logger = context.Logger;
        _retries = RedisRetries.Read(metadata, TimeSpan.FromSeconds(2));
        _ttl = metadata.Find("ttlInSeconds") is null ? null : metadata.Integer("ttlInSeconds", 0);
        var options = RedisOptions.Read(metadata);
        if (metadata.Find("queryIndexes") is not null)
            IndexesIgnored(_logger);

        // 2. The server, and how many replicas strong writes wait for. WAIT holds up whoever shares its connection.
        _client = RedisClient.Acquire(context, options);
        await Client.WaitUntilReachableAsync(cancellationToken).ConfigureAwait(false);
        _replicas = await CountReplicasAsync(cancellationToken).ConfigureAwait(false);
        if (_replicas > 0)
            _strongClient = RedisClient.Acquire(context, options, "strong");
    }

    public async ValueTask<StateItem?> GetAsync(string key, StateReadOptions options, CancellationToken cancellationToken)
    {
        var reply = await Client.ExecuteAsync(RedisCommand.Read("HGETALL", key), _retries, cancellationToken).ConfigureAwait(false);
        if (reply.IsErrorOf("WRONGTYPE"u8))
            return await GetTextAsync(key, cancellationToken).ConfigureAwait(false);
        if (reply.IsError)
            throw RedisErrors.Of(reply);
        if (reply.List.Count == 0)
            return null;
        byte[]? data = null;
        string? version = null;
        for (var index = 0; index + 1 < reply.List.Count; index += 2)
        {
            switch (reply.List[index].Text)
            {
                case "data":
                    data = reply.List[index + 1].Bytes;
                    break;
                case "version":
                    version = reply.List[index + 1].Text;
                    break;
            }
        }

        return data is null || version is null
            ? throw new ComponentException($"the hash under key '{key}' has no {(data is null ? "data" : "version")}: Dapr has not written it")
            : new StateItem(data, version);
    }

    public async ValueTask<StateResult> SetAsync(StateUpsert upsert, CancellationToken cancellationToken)
    {
        if (!RedisStateScripts.TryReadVersion(upsert, out var version))
            return StateResult.ETagInvalid;
        var isStrong = upsert.Consistency == StateConsistency.Strong && _replicas > 0;
        var reply = await WriteAsync(isStrong ? _strongClient!.Value : Client, upsert, version, cancellationToken).ConfigureAwait(false);
        if (reply.Number >= 0)
        {
            if (isStrong)
                await WaitForReplicasAsync(cancellationToken).ConfigureAwait(false);
            return StateResult.Ok;
        }

        return upsert.HasETag
            ? StateResult.ETagMismatch
            : throw new ComponentException($"key '{upsert.Key}' was saved with first-write concurrency: it is there already, and is saved again only with its present etag");
    }

    /// <summary>Whatever goes wrong counts as another ETag, as Dapr has it; the log tells what it was.</summary>
    public async ValueTask<StateResult> DeleteAsync(StateDelete delete, CancellationToken cancellationToken)
    {
        try
        {
            RedisStateScripts.TryReadVersion(delete, out var version);
            var reply = await WriteAsync(Client, delete, version, cancellationToken).ConfigureAwait(false);
            return reply.Number >= 0 ? StateResult.Ok : StateResult.ETagMismatch;
        }
        catch (ComponentException failure)
        {
            DeleteFailed(_logger, delete.Key, failure);
            return StateResult.ETagMismatch;
        }
    }

    public async ValueTask<StateResult> TransactAsync(IReadOnlyList<StateOperation> operations, CancellationToken cancellationToken)
    {
        if (operations.Count == 0)
            return StateResult.Ok;
        List<RedisCommand> commands = [new RedisCommand("MULTI")];
        foreach (var operation in operations)
        {
            if (!RedisStateScripts.TryReadVersion(operation, out var version))
                return StateResult.ETagInvalid;
            commands.Add(RedisStateScripts.Command(operation, version, Ttl(operation), byText: true, marks: false));
        }

        commands.Add(new RedisCommand("EXEC"));
        var replies = await Client.ExecuteAsync(commands, _retries, cancellationToken).ConfigureAwait(false);
        var result = StateResult.Ok;
        foreach (var reply in replies[^1].IsError ? replies : replies[^1].List)
        {
            // What a command of them was refused for tells more than the EXEC that follows.
            if (reply.IsError)
                throw RedisErrors.Of(reply);
            if (reply is { Kind: RespKind.Integer, Number: < 0 })
                result = StateResult.ETagMismatch;
        }

        return result;
    }

    public async ValueTask DisposeAsync()
    {
        if (_strongClient is not null)
            await _strongClient.DisposeAsync().ConfigureAwait(false);
        if (_client is not null)
            await _client.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>A key that is no hash may be a plain text, which has no version.</summary>
    private async ValueTask<StateItem?> GetTextAsync(string key, CancellationToken cancellationToken)
    {
        var reply = await Client.ExecuteAsync(RedisCommand.Read("GET", key), _retries, cancellationToken).ConfigureAwait(false);
        if (reply.IsError)
            throw RedisErrors.Of(reply);
        return reply.Bytes is { } bytes ? new StateItem(bytes, "") : null;
    }

    private async Task<RespReply> WriteAsync(RedisClient client, StateOperation operation, string version, CancellationToken cancellationToken)
    {
        var ttl = Ttl(operation);
        var command = RedisStateScripts.Command(operation, version, ttl, byText: false, marks: true);
        var reply = await client.ExecuteAsync(command, _retries, cancellationToken).ConfigureAwait(false);
        if (reply.IsErrorOf("NOSCRIPT"u8))
        {
            command = RedisStateScripts.Command(operation, version, ttl, byText: true, marks: true);
            reply = await client.ExecuteAsync(command, _retries, cancellationToken).ConfigureAwait(false);
        }

        return reply.IsError ? throw RedisErrors.Of(reply) : reply;
    }

    private int? Ttl(StateOperation operation) => operation is StateUpsert upsert ? upsert.TtlInSeconds ?? _ttl : null;

    private async Task WaitForReplicasAsync(CancellationToken cancellationToken)
    {
        var wait = new RedisCommand("WAIT", _replicas, ReplicasWait) { ServerWaits = TimeSpan.FromMilliseconds(ReplicasWait) };
        var reply = await _strongClient!.Value.ExecuteAsync(wait, _retries, cancellationToken).ConfigureAwait(false);
        if (reply.IsError)
            throw RedisErrors.Of(reply);
        if (reply.Number < _replicas)
            ReplicasLate(_logger, reply.Number, _replicas);
    }

    private async Task<int> CountReplicasAsync(CancellationToken cancellationToken)
    {
        var reply = await Client.ExecuteAsync(RedisCommand.Read("INFO", "replication"), _retries, cancellationToken).ConfigureAwait(false);
        const string Name = "connected_slaves:";
        var line = reply.IsError ? null : reply.Text.Split("\r\n").FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal));
        return line is not null && int.TryParse(line.AsSpan(Name.Length), out var count) ? count : 0;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Metadata field 'queryIndexes' is of no use: this runtime has no queries")]
    private static partial void IndexesIgnored(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Key '{Key}' could not be deleted; the caller is told of an ETag that does not match, as Dapr does")]
    private static partial void DeleteFailed(ILogger logger, string key, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Only {Count} of {Replicas} replicas have confirmed a strong write within a second; the master has it")]
    private static partial void ReplicasLate(ILogger logger, long count, int replicas);
}
