using Sidecar.Components;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Hosting;

/// <summary>What a slice asks of a component before it starts, beyond what the driver itself checks.</summary>
internal interface IComponentCheck
{
    /// <param name="resource">As written, with its secret references.</param>
    /// <param name="metadata">The same <c>spec.metadata</c> with secrets and templates filled in.</param>
    /// <exception cref="ComponentException">The component must not start; the message says what to change.</exception>
    void Check(ComponentResource resource, ComponentMetadata metadata);
}
