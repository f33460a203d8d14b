namespace Shop.ServiceDefaults;

/// <summary>What a service needs besides its sidecar before <c>/readyz</c> says yes. Register any number of them.</summary>
public interface IReadiness
{
    /// <summary>What is lacking, in a sentence; null once nothing is.</summary>
    string? Lacks { get; }
}
