using System.Text;

namespace Services.Tests.Fakes;

/// <param name="Id">Id of the CloudEvent.</param>
/// <param name="Data">The JSON of its data.</param>
public sealed record Published(string Topic, string Type, string Id, byte[] Data)
{
    public string Text => Encoding.UTF8.GetString(Data);
}

/// <summary>Everything that was published, in order.</summary>
public sealed class FakeBus
{
    private readonly List<Published> _published = [];

    public event Action<Published>? OnPublish;

    public IReadOnlyList<Published> Published => _published;

    public IReadOnlyList<Published> OfType(string type) => [.. _published.Where(published => published.Type == type)];

    public void Publish(Published published)
    {
        _published.Add(published);
        OnPublish?.Invoke(published);
    }
}
