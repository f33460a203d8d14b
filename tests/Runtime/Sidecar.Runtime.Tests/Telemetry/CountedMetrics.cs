using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.Tests.Telemetry;

/// <summary>What the sidecars of a test have counted: the meter is one for the process, so a test says by a label what is its own.</summary>
internal sealed class CountedMetrics : IDisposable
{
    private readonly MeterListener _listener;
    private readonly string[] _labels;
    private readonly Func<IReadOnlyDictionary<string, string?>, bool> _isMine;

    /// <param name="labels">Whose values are noted, in this order; one that is not there is left out.</param>
    public CountedMetrics(Func<IReadOnlyDictionary<string, string?>, bool> isMine, params string[] labels)
    {
        (_isMine, _labels) = (isMine, labels);
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == SidecarMeter.Name)
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>Name, value and labels of each measurement, in the order in which they were made.</summary>
    public ConcurrentQueue<string> All { get; } = new();

    public void Dispose() => _listener.Dispose();

    private void Note<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var all = tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value as string);
        if (_isMine(all))
            All.Enqueue(string.Join(' ', [instrument.Name, $"{value}", .. _labels.Where(all.ContainsKey).Select(label => all[label])]));
    }
}
