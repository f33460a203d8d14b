using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sidecar.Components.Kafka.Native;

internal enum KafkaClientKind
{
    Producer = 0,
    Consumer = 1,
}

/// <summary>What a client tells. All but <see cref="OnLog"/> is told on the thread that polls it.</summary>
internal interface IKafkaEvents
{
    /// <summary>A line of the library, on any of its threads; <paramref name="level"/> as in syslog.</summary>
    void OnLog(int level, string text);

    /// <summary>Something is wrong that belongs to no call: brokers that cannot be reached, refused credentials.</summary>
    void OnError(int code, string reason);

    /// <summary>The broker has the message that was produced with <paramref name="opaque"/>, or not for <paramref name="code"/>.</summary>
    void OnDelivered(nint opaque, int code);

    /// <summary>Partitions were given to this consumer, or are to be given back.</summary>
    unsafe void OnRebalance(bool isAssignment, NativePartitions* partitions);

    /// <summary>A token for SASL OAUTHBEARER is wanted.</summary>
    void OnTokenWanted();
}

/// <summary>
/// A client of librdkafka with its settings and callbacks. The library calls back static functions, which find their client
/// by a handle that lives until the library's threads have ended.
/// </summary>
internal sealed unsafe class KafkaClient : IDisposable
{
    private const int ErrorSize = 512;

    private readonly IKafkaEvents _events;
    private GCHandle _self;

    /// <exception cref="ComponentException">The library is not on this machine, or refuses a setting.</exception>
    public KafkaClient(KafkaClientKind kind, IReadOnlyList<KafkaSetting> settings, IKafkaEvents events)
    {
        KafkaLibrary.Load();
        _events = events;
        _self = GCHandle.Alloc(this);
        var conf = Librdkafka.ConfNew();
        try
        {
            foreach (var setting in settings)
                Set(conf, setting);
            SetCallbacks(conf, kind, settings.Any(static setting => setting is { Name: "sasl.mechanism", Value: "OAUTHBEARER" }));
            Handle = New(kind, conf);
        }
        catch
        {
            Librdkafka.ConfDestroy(conf);
            _self.Free();
            throw;
        }
    }

    public KafkaHandle Handle { get; }

    /// <summary>Ends the library's threads; nothing is called back afterwards.</summary>
    public void Dispose()
    {
        if (Handle.IsClosed)
            return;
        Handle.Dispose();
        _self.Free();
    }

    // The library's own words may quote the value, so they are passed on only where that is no secret.
    private static void Set(nint conf, KafkaSetting setting)
    {
        var error = stackalloc byte[ErrorSize];
        if (Librdkafka.ConfSet(conf, setting.Name, setting.Value, error, ErrorSize) != 0)
            throw new ComponentException($"metadata field '{setting.Field}' is not accepted{(setting.IsSecret ? "" : $": {Librdkafka.Text(error)}")}");
    }

    private static KafkaHandle New(KafkaClientKind kind, nint conf)
    {
        var error = stackalloc byte[ErrorSize];
        var client = Librdkafka.New((int)kind, conf, error, ErrorSize);
        return client != 0 ? new KafkaHandle(client) : throw new ComponentException($"cannot start its Kafka client: {Librdkafka.Text(error)}");
    }

    private void SetCallbacks(nint conf, KafkaClientKind kind, bool needsTokens)
    {
        Librdkafka.ConfSetOpaque(conf, GCHandle.ToIntPtr(_self));
        Librdkafka.ConfSetLog(conf, &Log);
        Librdkafka.ConfSetError(conf, &Error);
        if (needsTokens)
            Librdkafka.ConfSetTokenRefresh(conf, &TokenWanted);
        if (kind == KafkaClientKind.Producer)
            Librdkafka.ConfSetDelivery(conf, &Delivered);
        else
            Librdkafka.ConfSetRebalance(conf, &Rebalance);
    }

    private static IKafkaEvents EventsOf(nint self) => ((KafkaClient)GCHandle.FromIntPtr(self).Target!)._events;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Log(nint client, int level, byte* facility, byte* text) =>
        EventsOf(Librdkafka.Opaque(client)).OnLog(level, $"{Librdkafka.Text(facility)} {Librdkafka.Text(text)}");

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Error(nint client, int code, byte* reason, nint self) => EventsOf(self).OnError(code, Librdkafka.Text(reason));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Delivered(nint client, NativeMessage* message, nint self) => EventsOf(self).OnDelivered(message->Opaque, message->Error);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Rebalance(nint client, int code, NativePartitions* partitions, nint self) =>
        EventsOf(self).OnRebalance(code == KafkaCode.AssignPartitions, partitions);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void TokenWanted(nint client, byte* configuration, nint self) => EventsOf(self).OnTokenWanted();
}

/// <summary>A setting of librdkafka, and the metadata field that it comes from.</summary>
internal sealed record KafkaSetting(string Name, string Value, string Field, bool IsSecret = false);
