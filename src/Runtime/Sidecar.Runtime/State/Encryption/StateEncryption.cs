using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Sidecar.Components;
using Sidecar.Components.State;
using Sidecar.Runtime.GoJson;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.State.Encryption;

/// <summary>
/// Encryption at rest of one state store (contract section 2.5). Stored is <c>base64(nonce ‖ AES-GCM ciphertext ‖ tag)||secret name</c>, in Dapr's
/// own form, so that official sidecars read the same data. Everything is written with the primary key; values that name the secondary one can still be read.
/// </summary>
internal sealed class StateEncryption
{
    private const string PrimaryField = "primaryEncryptionKey";
    private const string SecondaryField = "secondaryEncryptionKey";

    private static readonly int NonceLength = AesGcm.NonceByteSizes.MaxSize;
    private static readonly int TagLength = AesGcm.TagByteSizes.MaxSize;

    private readonly EncryptionKey _primary;
    private readonly EncryptionKey[] _keys;
    private readonly byte[] _ending;

    private StateEncryption(EncryptionKey primary, EncryptionKey? secondary)
    {
        _primary = primary;
        _keys = secondary is null ? [primary] : [primary, secondary];
        _ending = Encoding.UTF8.GetBytes($"||{primary.SecretName}");
    }

    private static ReadOnlySpan<byte> Separator => "||"u8;

    /// <summary>Null for a store that is not encrypted.</summary>
    /// <exception cref="ComponentException">A key is not usable; the message says what to do.</exception>
    public static StateEncryption? From(ComponentResource resource, ComponentMetadata metadata)
    {
        var (primary, secondary) = (EncryptionKey.Read(PrimaryField, resource, metadata), EncryptionKey.Read(SecondaryField, resource, metadata));
        if (primary is null && secondary is not null)
            throw new ComponentException($"metadata field '{SecondaryField}' is of use only beside '{PrimaryField}'; without that nothing would be encrypted");
        return primary is null ? null : new StateEncryption(primary, secondary);
    }

    /// <summary>
    /// The same operation with its value encrypted. A JSON value is encrypted as the text that Go prints for it, hence a string without its
    /// quotes: that is what Dapr does, and what its readers get.
    /// </summary>
    public StateUpsert Seal(StateUpsert upsert) => upsert with
    {
        Value = Encrypt(upsert.IsJson ? Encoding.UTF8.GetBytes(GoPrinter.Print(upsert.Value)) : upsert.Value.Span),
        IsJson = false,
    };

    /// <summary>Decrypts what is stored; false with the reason if that cannot be done.</summary>
    public bool TryOpen(ReadOnlySpan<byte> stored, out byte[] value, [NotNullWhen(false)] out string? problem)
    {
        value = [];
        if (stored.IsEmpty)
        {
            problem = null;
            return true;
        }

        var separator = stored.LastIndexOf(Separator);
        if (separator < 0 || separator + Separator.Length == stored.Length)
        {
            problem = "the stored value names no encryption key; it was not saved through this encrypted store";
            return false;
        }

        var secretName = Encoding.UTF8.GetString(stored[(separator + Separator.Length)..]);
        problem = $"the stored value is encrypted with the key of secret '{secretName}', which is neither {PrimaryField} nor {SecondaryField} of the component";

        // Both keys may come from one secret of several values; then the name does not tell them apart.
        foreach (var key in _keys)
        {
            if (key.SecretName != secretName)
                continue;
            problem = Decrypt(key, stored[..separator], out value);
            if (problem is null)
                return true;
        }

        return false;
    }

    private byte[] Encrypt(ReadOnlySpan<byte> plain)
    {
        var length = NonceLength + plain.Length + TagLength;
        var sealedBytes = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var nonce = sealedBytes.AsSpan(0, NonceLength);
            var ciphertext = sealedBytes.AsSpan(NonceLength, plain.Length);
            RandomNumberGenerator.Fill(nonce);
            using (var cipher = _primary.CreateCipher())
                cipher.Encrypt(nonce, plain, ciphertext, sealedBytes.AsSpan(NonceLength + plain.Length, TagLength));

            var text = new byte[Base64.GetMaxEncodedToUtf8Length(length) + _ending.Length];
            Base64.EncodeToUtf8(sealedBytes.AsSpan(0, length), text, out _, out var written);
            _ending.CopyTo(text.AsSpan(written));
            return text;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(sealedBytes);
        }
    }

    /// <summary>Null, or what is wrong.</summary>
    private static string? Decrypt(EncryptionKey key, ReadOnlySpan<byte> base64, out byte[] value)
    {
        value = [];
        var sealedBytes = new byte[Base64.GetMaxDecodedFromUtf8Length(base64.Length)];
        if (Base64.DecodeFromUtf8(base64, sealedBytes, out _, out var length) != OperationStatus.Done || length < NonceLength + TagLength)
        {
            return "the stored value is damaged: what stands before the key's name is not the base64 of an encrypted value";
        }

        var plain = new byte[length - NonceLength - TagLength];
        try
        {
            using var cipher = key.CreateCipher();
            cipher.Decrypt(
                sealedBytes.AsSpan(0, NonceLength), sealedBytes.AsSpan(NonceLength, plain.Length), sealedBytes.AsSpan(NonceLength + plain.Length, TagLength), plain);
        }
        catch (AuthenticationTagMismatchException)
        {
            return $"the stored value does not decrypt with the key of secret '{key.SecretName}': it was changed, or that secret holds another key now";
        }

        value = plain;
        return null;
    }
}
