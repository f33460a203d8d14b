using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Components;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resources;
using Sidecar.Runtime.State.Encryption;
using TestSupport;

namespace Sidecar.Runtime.Tests.State;

public sealed class EncryptionTests
{
    private const string FirstKey = "000102030405060708090a0b0c0d0e0f";
    private const string SecondKey = "F0E0D0C0B0A090807060504030201000F0E0D0C0B0A090807060504030201000";

    private readonly MemoryStateStore _store = new();

    [Fact]
    [Contract(24)]
    public async Task What_is_stored_is_the_base64_of_nonce_ciphertext_and_tag_with_the_name_of_its_key()
    {
        await using var api = await StartAsync(Primary("first", FirstKey));
        (await api.SaveAsync("""[{"key":"k","value":"value1"}]""")).AssertNoContent();

        var reply = await api.GetAsync("/v1.0/state/store/k");
        Assert.Equal(("value1", "application/json", "v1"), (reply.Body, reply.ContentType, reply.ETag));
        var stored = _store.Text("app||k")!;
        Assert.EndsWith("||first", stored, StringComparison.Ordinal);
        Assert.Equal("value1", Decrypt(stored, FirstKey));

        // The same value again: another nonce.
        await api.SaveAsync("""[{"key":"again","value":"value1"}]""");
        Assert.NotEqual(stored, _store.Text("app||again"));
    }

    [Fact]
    public async Task A_value_of_an_official_sidecar_is_read()
    {
        // AES-128-GCM of "value1" under the key above and the nonce 0..11, made with OpenSSL.
        _store.Put("app||k", Encoding.UTF8.GetBytes("AAECAwQFBgcICQoL5Q3LuwMq90P3NKPcwPMMPZ7O4HShuw==||first"));
        await using var api = await StartAsync(Primary("first", FirstKey));
        Assert.Equal("value1", (await api.GetAsync("/v1.0/state/store/k")).Body);
    }

    [Theory]
    [InlineData("""{"b":[1,"x"],"a":null}""", "map[a:<nil> b:[1 x]]")]
    [InlineData("1234567", "1.234567e+06")]
    [InlineData("true", "true")]
    [InlineData("null", "<nil>")]
    [InlineData("\"\"", "")]
    [InlineData("\"ä 😀\"", "ä 😀")]
    public async Task A_value_is_encrypted_as_the_text_that_go_prints(string json, string text)
    {
        await using var api = await StartAsync(Primary("first", FirstKey));
        (await api.SaveAsync($$"""[{"key":"k","value":{{json}}}]""")).AssertNoContent();
        var reply = await api.GetAsync("/v1.0/state/store/k");
        Assert.Equal((200, text), ((int)reply.Status, reply.Body));
    }

    [Fact]
    public async Task Etags_time_to_live_transactions_and_bulk_work_as_on_any_store()
    {
        var clock = new FakeClock();
        var store = new MemoryStateStore(clock);
        await using var api = await StateApi.StartLoadedAsync([StateApi.Component("store", store, Primary("first", FirstKey))], clock);
        (await api.TransactAsync("""
            {"operations":[{"operation":"upsert","request":{"key":"a","value":"x","metadata":{"ttlInSeconds":"3"}}},
                           {"operation":"upsert","request":{"key":"b","value":{"n":1}}}]}
            """)).AssertNoContent();
        Assert.All(store.Keys, key => Assert.EndsWith("||first", store.Text(key), StringComparison.Ordinal));

        var a = await api.GetAsync("/v1.0/state/store/a");
        Assert.Equal(("x", "2026-01-01T00:00:03Z"), (a.Body, a.Headers["metadata.ttlExpireTime"]));
        (await api.SaveAsync("""[{"key":"a","value":"y","etag":"old"}]""")).AssertError(409, "ERR_STATE_SAVE");
        (await api.SaveAsync($$"""[{"key":"a","value":"y","etag":"{{a.ETag}}"}]""")).AssertNoContent();

        var bulk = JsonNode.Parse((await api.PostAsync("/v1.0/state/store/bulk", """{"keys":["a","b","none"]}""")).Body)!;
        Assert.Equal(("y", "map[n:1]", 1), ((string)bulk[0]!["data"]!, (string)bulk[1]!["data"]!, bulk[2]!.AsObject().Count));
    }

    [Fact]
    public async Task After_a_rotation_old_values_are_read_with_the_secondary_key_and_saved_with_the_primary()
    {
        await using (var before = await StartAsync(Primary("first", FirstKey)))
            await before.SaveAsync("""[{"key":"k","value":"old"},{"key":"kept","value":"old"}]""");

        await using (var during = await StartAsync(Primary("second", SecondKey), Secondary("first", FirstKey)))
        {
            Assert.Equal("old", (await during.GetAsync("/v1.0/state/store/k")).Body);
            await during.SaveAsync("""[{"key":"k","value":"new"}]""");
            Assert.EndsWith("||second", _store.Text("app||k"), StringComparison.Ordinal);
            Assert.Equal("new", Decrypt(_store.Text("app||k")!, SecondKey));
        }

        await using var after = await StartAsync(Primary("second", SecondKey));
        Assert.Equal("new", (await after.GetAsync("/v1.0/state/store/k")).Body);
        var lost = await after.GetAsync("/v1.0/state/store/kept");
        Assert.Contains("key of secret 'first', which is neither", lost.AssertError(500, "ERR_STATE_GET"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_keys_of_one_secret_are_both_tried()
    {
        await using (var before = await StartAsync(Primary("keys", FirstKey)))
            await before.SaveAsync("""[{"key":"k","value":"old"}]""");
        await using var after = await StartAsync(Primary("keys", SecondKey), Secondary("keys", FirstKey));
        Assert.Equal("old", (await after.GetAsync("/v1.0/state/store/k")).Body);
    }

    [Theory]
    [InlineData("\"in the clear\"", "names no encryption key")]
    [InlineData("in the clear||", "names no encryption key")]
    [InlineData("AAAA||other", "secret 'other', which is neither")]
    [InlineData("no base64!||first", "damaged")]
    [InlineData("AAAA||first", "damaged")]
    [InlineData("||first", "damaged")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA||first", "does not decrypt with the key of secret 'first'")]
    public async Task A_value_that_cannot_be_decrypted_is_an_error_that_says_why(string stored, string reason)
    {
        _store.Put("app||k", Encoding.UTF8.GetBytes(stored));
        await using var api = await StartAsync(Primary("first", FirstKey));
        await api.SaveAsync("""[{"key":"good","value":"x"}]""");
        Assert.Contains(reason, (await api.GetAsync("/v1.0/state/store/k")).AssertError(500, "ERR_STATE_GET"), StringComparison.Ordinal);

        // In a bulk get it is the matter of its item, also when it is the only one.
        foreach (var keys in new[] { """["k","good"]""", """["k"]""" })
        {
            var bulk = JsonNode.Parse((await api.PostAsync("/v1.0/state/store/bulk", $$"""{"keys":{{keys}}}""")).Body)!;
            Assert.Contains(reason, (string)bulk[0]!["error"]!, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_changed_byte_is_found()
    {
        await using var api = await StartAsync(Primary("first", FirstKey));
        await api.SaveAsync("""[{"key":"k","value":"value1"}]""");
        var stored = _store.Text("app||k")!;
        var bytes = Convert.FromBase64String(stored[..^"||first".Length]);
        for (var index = 0; index < bytes.Length; index++)
        {
            bytes[index] ^= 1;
            _store.Put("app||k", Encoding.UTF8.GetBytes($"{Convert.ToBase64String(bytes)}||first"));
            (await api.GetAsync("/v1.0/state/store/k")).AssertError(500, "ERR_STATE_GET");
            bytes[index] ^= 1;
        }
    }

    [Fact]
    public void Whatever_is_stored_is_decrypted_or_told_why_not()
    {
        var component = StateApi.Component("store", _store, Primary("first", FirstKey), Secondary("second", SecondKey));
        var encryption = StateEncryption.From(component.Resource, component.Metadata)!;
        var stored = from bytes in ArbMap.Default.GeneratorFor<byte[]>()
                     from text in Gen.OneOf(Gen.Constant(bytes), Gen.Constant(Encoding.UTF8.GetBytes(Convert.ToBase64String(bytes))))
                     from ending in Gen.Elements("", "|", "||", "||first", "||second", "||other", "||first||", "||||first")
                     select text.Concat(Encoding.UTF8.GetBytes(ending)).ToArray();
        Fuzz.Check(stored, bytes => encryption.TryOpen(bytes, out _, out var problem) ? bytes.Length == 0 : problem!.Length > 0);
    }

    [Fact]
    public async Task The_event_of_an_outbox_carries_what_is_encrypted_and_still_arrives()
    {
        await using var api = await StateApi.StartLoadedAsync(
            [StateApi.Component("store", _store, Primary("first", FirstKey), Plain("outboxPublishPubsub", "broker"), Plain("outboxPublishTopic", "order"))], new FakeClock());
        (await api.TransactAsync("""
            {"operations":[{"operation":"upsert","request":{"key":"k","value":{"secret":1},"contentType":"application/json"}}]}
            """)).AssertNoContent();

        await Eventually.TrueAsync(() => api.Topics.On("order").Count == 1, "the event on the target topic");
        Assert.Equal([Delivery.Ack], await Task.WhenAll(api.Topics.Deliveries).WithinAsync("the end of the delivery"));
        Assert.Equal(_store.Text("app||k"), (string)api.Topics.On("order").Single().Event["data"]!);
        Assert.Equal("map[secret:1]", (await api.GetAsync("/v1.0/state/store/k")).Body);
    }

    [Theory]
    [InlineData("00010203", "first", "48 or 64 hexadecimal digits; it holds 8 characters")]
    [InlineData("zz0102030405060708090a0b0c0d0e0f", "first", "hexadecimal digits")]
    [InlineData("", "first", "secret 'first', key 'first' is empty or cannot be read")]
    [InlineData(FirstKey, null, "must be a secretKeyRef")]
    [InlineData(FirstKey, "a||b", "rename the secret")]
    public void A_key_that_is_not_usable_keeps_the_component_from_starting(string value, string? secret, string reason)
    {
        foreach (var field in new[] { "primaryEncryptionKey", "SecondaryEncryptionKey" })
        {
            var item = new ComponentMetadataItem(field, value, secret is null ? null : new SecretKeyRef(secret, secret), null);
            var component = StateApi.Component("store", _store, Primary("first", FirstKey), item);
            var failure = Assert.Throws<ComponentException>(() => new EncryptionCheck().Check(component.Resource with { Type = "state.sqlite" }, component.Metadata));
            Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(FirstKey, failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_secondary_key_alone_is_refused()
    {
        var component = StateApi.Component("store", _store, Secondary("first", FirstKey));
        Assert.Contains(
            "of use only beside 'primaryEncryptionKey'", Assert.Throws<ComponentException>(() => StateEncryption.From(component.Resource, component.Metadata)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_sidecar_with_such_a_store_does_not_start_unless_the_store_may_be_left_out(bool ignoreErrors)
    {
        using var folder = new TempFolder();
        folder.Write("components/store.yaml", $"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: store
            spec:
              type: state.in-memory
              version: v1
              ignoreErrors: {(ignoreErrors ? "true" : "false")}
              metadata:
              - name: primaryEncryptionKey
                value: "{FirstKey}"
            """);
        var options = new SidecarOptions
        {
            AppId = "me",
            HttpPort = FreePorts.Next(),
            GrpcPort = FreePorts.Next(),
            ResourcesPaths = [folder.File("components")],
            BaseDirectory = folder.Path,
            Environment = new Dictionary<string, string>(),
            LogLine = _ => { },
        };
        await using var group = new SidecarGroup();

        if (ignoreErrors)
        {
            await group.StartAsync(options);
            using var client = new HttpClient();
            var answer = await client.GetStringAsync(new Uri($"http://127.0.0.1:{options.HttpPort}/v1.0/metadata"));
            Assert.DoesNotContain("state.in-memory", answer, StringComparison.Ordinal);
            return;
        }

        var failure = await Assert.ThrowsAsync<SidecarStartException>(() => group.StartAsync(options));
        Assert.Contains("component store", failure.Message, StringComparison.Ordinal);
        Assert.Contains("'primaryEncryptionKey' must be a secretKeyRef", failure.Message, StringComparison.Ordinal);
    }

    private Task<StateApi> StartAsync(params ComponentMetadataItem[] metadata) => StateApi.StartLoadedAsync([StateApi.Component("store", _store, metadata)]);

    private static ComponentMetadataItem Primary(string secret, string key) => new("primaryEncryptionKey", key, new SecretKeyRef(secret, secret), null);

    private static ComponentMetadataItem Secondary(string secret, string key) => new("secondaryEncryptionKey", key, new SecretKeyRef(secret, secret), null);

    private static ComponentMetadataItem Plain(string name, string value) => new(name, value, null, null);

    private static string Decrypt(string stored, string key)
    {
        var bytes = Convert.FromBase64String(stored[..stored.IndexOf("||", StringComparison.Ordinal)]);
        var plain = new byte[bytes.Length - 12 - 16];
        using var cipher = new AesGcm(Convert.FromHexString(key), 16);
        cipher.Decrypt(bytes.AsSpan(0, 12), bytes.AsSpan(12, plain.Length), bytes.AsSpan(12 + plain.Length), plain);
        return Encoding.UTF8.GetString(plain);
    }
}
