namespace Dapr;

/// <summary>How <c>MapSubscribeHandler</c> answers.</summary>
public class SubscribeOptions
{
    /// <summary>True asks for messages without envelopes on every subscription.</summary>
    public bool EnableRawPayload { get; set; }
}
