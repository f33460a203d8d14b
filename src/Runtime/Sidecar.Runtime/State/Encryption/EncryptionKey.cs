using System.Security.Cryptography;
using Sidecar.Components;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.State.Encryption;

/// <summary>A key of an encrypted store. Values name the secret that it came from, so that old ones can be read after a rotation.</summary>
/// <param name="SecretName">Name of the secret, as in <c>secretKeyRef.name</c>.</param>
/// <param name="Bytes">16, 24 or 32 bytes.</param>
internal sealed record EncryptionKey(string SecretName, byte[] Bytes)
{
    /// <summary>Null if the component does not have the field.</summary>
    /// <exception cref="ComponentException">The field is not a reference to a secret that holds a key.</exception>
    public static EncryptionKey? Read(string field, ComponentResource resource, ComponentMetadata metadata)
    {
        if (resource.Metadata.LastOrDefault(item => string.Equals(item.Name, field, StringComparison.OrdinalIgnoreCase)) is not { } item)
            return null;
        if (item.SecretKeyRef is not { Name.Length: > 0 } secret)
            throw new ComponentException($"metadata field '{field}' must be a secretKeyRef: put the key into a secret store and name that in auth.secretStore");

        if (secret.Name.Contains("||", StringComparison.Ordinal))
            throw new ComponentException($"metadata field '{field}': the name of secret '{secret.Name}' holds '||', which parts a stored value from the name of its key; rename the secret");

        // Without its key the store would save in the clear.
        if (metadata.Find(field) is not { } text)
            throw new ComponentException($"metadata field '{field}': secret '{secret.Name}', key '{secret.Key}' is empty or cannot be read; check the secret and auth.secretStore");
        return IsHexOfAKey(text)
            ? new EncryptionKey(secret.Name, Convert.FromHexString(text))
            : throw new ComponentException(
                $"metadata field '{field}': secret '{secret.Name}' must hold an AES key of 128, 192 or 256 bits, written as 32, 48 or 64 hexadecimal digits; it holds {text.Length} characters");
    }

    // An instance works for one thread at a time, and making one costs less than handing one around.
    public AesGcm CreateCipher() => new(Bytes, AesGcm.TagByteSizes.MaxSize);

    private static bool IsHexOfAKey(string text) => text.Length is 32 or 48 or 64 && text.All(char.IsAsciiHexDigit);
}
