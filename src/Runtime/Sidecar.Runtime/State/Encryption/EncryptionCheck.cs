using Sidecar.Components;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.State.Encryption;

/// <summary>Keeps a state store from starting whose encryption keys are not usable.</summary>
internal sealed class EncryptionCheck : IComponentCheck
{
    public void Check(ComponentResource resource, ComponentMetadata metadata)
    {
        if (resource.Type.StartsWith("state.", StringComparison.OrdinalIgnoreCase))
            StateEncryption.From(resource, metadata);
    }
}
