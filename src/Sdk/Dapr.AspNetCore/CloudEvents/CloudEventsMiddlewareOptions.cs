namespace Dapr;

/// <summary>How <c>UseCloudEvents</c> unwraps events.</summary>
public class CloudEventsMiddlewareOptions
{
    /// <summary>True keeps text data as the JSON string it travels in, with its quotes; else handlers get the plain text.</summary>
    public bool SuppressJsonDecodingOfTextPayloads { get; set; }

    /// <summary>True adds the event's attributes to the request headers, as <c>Cloudevent.type</c> and so on.</summary>
    public bool ForwardCloudEventPropertiesAsHeaders { get; set; }

    /// <summary>When set, only these attributes become headers; the exclusion list then has no effect.</summary>
    public string[]? IncludedCloudEventPropertiesAsHeaders { get; set; }

    /// <summary>When set, these attributes do not become headers.</summary>
    public string[]? ExcludedCloudEventPropertiesFromHeaders { get; set; }
}
