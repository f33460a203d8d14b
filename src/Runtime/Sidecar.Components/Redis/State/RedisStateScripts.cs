using Sidecar.Components.State;

namespace Sidecar.Components.Redis;

/// <summary>
/// What is done to a key, in one step of the server. A key is a hash: <c>data</c> (the value), <c>version</c> (1, 2, 3 …; the
/// ETag) and, once it was saved with first-write concurrency, <c>first-write</c> = 0. Both scripts answer -1 when the key has
/// another version, and otherwise nothing below 0.
/// </summary>
internal static class RedisStateScripts
{
    private const string NoVersion = "0";

    /// <summary>Arguments: version or 0 for any; value; 1 for first-write; seconds to live, ≤ 0 for ever, or nothing to keep what there is.</summary>
    private static readonly RedisScript Save = new(
        """
        local kind = redis.call('TYPE', KEYS[1]).ok
        if kind ~= 'hash' and kind ~= 'none' then
          redis.call('DEL', KEYS[1])
        end
        local version = redis.call('HGET', KEYS[1], 'version')
        if version and version ~= ARGV[1] and (ARGV[1] ~= '0' or redis.call('HEXISTS', KEYS[1], 'first-write') == 1) then
          return -1
        end
        redis.call('HSET', KEYS[1], 'data', ARGV[2])
        if ARGV[3] == '1' then
          redis.call('HSET', KEYS[1], 'first-write', 0)
        end
        local saved = redis.call('HINCRBY', KEYS[1], 'version', 1)
        if ARGV[4] ~= '' then
          if tonumber(ARGV[4]) > 0 then
            redis.call('EXPIRE', KEYS[1], ARGV[4])
          else
            redis.call('PERSIST', KEYS[1])
          end
        end
        return saved
        """);

    /// <summary>Argument: version or 0 for any.</summary>
    private static readonly RedisScript Delete = new(
        """
        if redis.call('TYPE', KEYS[1]).ok == 'hash' then
          local version = redis.call('HGET', KEYS[1], 'version')
          if version and version ~= ARGV[1] and ARGV[1] ~= '0' then
            return -1
          end
        end
        return redis.call('DEL', KEYS[1])
        """);

    /// <param name="byText">With its text, so that it cannot be unknown to the server.</param>
    /// <param name="marks">First-write concurrency leaves its mark.</param>
    public static RedisCommand Command(StateOperation operation, string version, int? ttl, bool byText, bool marks)
    {
        if (operation is not StateUpsert upsert)
            return byText ? Delete.ByText(operation.Key, version) : Delete.ByHash(operation.Key, version);
        RedisArgument mark = marks && upsert.Concurrency == StateConcurrency.FirstWrite ? "1" : "0";
        RedisArgument seconds = ttl is { } given ? given : "";
        var value = upsert.IsJson ? RedisJson.Encode(upsert.Value) : upsert.Value;
        return byText ? Save.ByText(upsert.Key, version, value, mark, seconds) : Save.ByHash(upsert.Key, version, value, mark, seconds);
    }

    /// <summary>The version that the operation asks for. False if its ETag is none that this store gives out.</summary>
    public static bool TryReadVersion(StateOperation operation, out string version)
    {
        version = NoVersion;
        if (!operation.HasETag)
            return true;
        if (operation is StateDelete)
        {
            // Any text will do: what is no number matches nothing.
            version = operation.ETag == NoVersion ? "00" : operation.ETag!;
            return true;
        }

        if (operation.Concurrency == StateConcurrency.LastWrite)
            return true;
        if (!long.TryParse(operation.ETag, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out var number))
            return false;
        version = number.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return true;
    }
}
