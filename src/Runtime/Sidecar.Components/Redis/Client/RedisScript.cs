using System.Security.Cryptography;
using System.Text;

namespace Sidecar.Components.Redis;

/// <summary>A Lua script: by its hash where the server knows it, by its text where it does not or where that must not be left to chance.</summary>
internal sealed class RedisScript(string text)
{
    private readonly string _hash = Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(text)));

    public RedisCommand ByHash(string key, params ReadOnlySpan<RedisArgument> arguments) => new(["EVALSHA", _hash, 1, key, .. arguments]);

    public RedisCommand ByText(string key, params ReadOnlySpan<RedisArgument> arguments) => new(["EVAL", text, 1, key, .. arguments]);
}
