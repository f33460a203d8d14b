using System.Text;

namespace Sidecar.Components.Redis;

/// <summary>A connection broke, or could not be made.</summary>
/// <param name="wasNotSent">Surely nothing of the command has left this process.</param>
internal sealed class RedisConnectionException(string message, bool wasNotSent, Exception? inner = null) : Exception(message, inner)
{
    public bool WasNotSent => wasNotSent;
}

/// <summary>The server answers, and will go on to refuse until somebody changes the component or the server.</summary>
internal sealed class RedisRefusedException(string message) : Exception(message);

/// <summary>Error replies: which will pass by themselves, and what is said of the others.</summary>
internal static class RedisErrors
{
    /// <summary>The command was not carried out, and may be in a moment.</summary>
    public static bool IsPassing(in RespReply reply) =>
        reply.IsErrorOf("LOADING "u8) || reply.IsErrorOf("TRYAGAIN "u8) || reply.IsErrorOf("MASTERDOWN "u8) || reply.IsErrorOf("CLUSTERDOWN "u8) ||
        reply.IsErrorOf("BUSY "u8) || IsOfReplica(reply);

    /// <summary>The server has become a replica, which a new connection may not lead to.</summary>
    public static bool IsOfReplica(in RespReply reply) => reply.IsErrorOf("READONLY "u8);

    /// <summary>Null when the server let us in.</summary>
    public static RedisRefusedException? OfLogin(in RespReply reply, RedisOptions options, bool isSentinel)
    {
        var (user, password) = isSentinel ? ("sentinelUsername", "sentinelPassword") : ("redisUsername", "redisPassword");
        if (reply.IsErrorOf("WRONGPASS"u8) || reply.IsErrorOf("ERR invalid password"u8) || reply.IsErrorOf("ERR invalid username"u8))
        {
            var which = isSentinel || options.Username.Length == 0 ? $"metadata field '{password}' is" : $"metadata fields '{user}' and '{password}' are";
            return new RedisRefusedException($"{which} not what {options.Address} accepts");
        }

        if (reply.IsErrorOf("NOAUTH"u8))
            return new RedisRefusedException($"{options.Address} asks for a password; set metadata field '{password}'");
        if (reply.IsErrorOf("ERR Client sent AUTH"u8) || reply.IsErrorOf("ERR AUTH <password> called without"u8))
            return new RedisRefusedException($"{options.Address} has no password, and metadata field '{password}' gives one");
        if (reply.IsErrorOf("ERR DB index"u8) || reply.IsErrorOf("ERR invalid DB index"u8) || reply.IsErrorOf("ERR SELECT"u8))
            return new RedisRefusedException($"metadata field 'redisDB' names a database that {options.Address} does not have: {reply.Text}");
        return reply.IsErrorOf("NOPERM"u8) ? new RedisRefusedException(Describe(reply)) : null;
    }

    public static ComponentException Of(in RespReply reply) => new(Describe(reply));

    private static string Describe(in RespReply reply)
    {
        var text = reply.Text;
        return text.Split(' ', 2)[0] switch
        {
            "OOM" => $"Redis is out of memory and takes no more writes (maxmemory): {text}",
            "READONLY" => $"Redis is a replica and takes no writes; metadata field 'redisHost' has to name the master: {text}",
            "MISCONF" => $"Redis cannot write to its disk and takes no more writes: {text}",
            "NOREPLICAS" => $"Redis has fewer replicas than it wants and takes no writes: {text}",
            "LOADING" => $"Redis is still loading its data: {text}",
            "NOPERM" => $"the user that metadata field 'redisUsername' names may not do this: {text}",
            "WRONGTYPE" => $"the key holds another kind of value than this component keeps there: {text}",
            _ => $"Redis refuses: {text}",
        };
    }
}
