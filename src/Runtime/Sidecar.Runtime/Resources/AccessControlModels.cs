namespace Sidecar.Runtime.Resources;

/// <summary><c>accessControl</c> of a Configuration (contract section 4.3): which apps may call this one, and what of it.</summary>
/// <param name="AllowsByDefault">What no policy of the caller says.</param>
/// <param name="TrustDomain">Of this sidecar's own identity.</param>
public sealed record AccessControlSettings(bool AllowsByDefault, string TrustDomain, IReadOnlyList<AppAccess> Policies)
{
    public const string PublicTrustDomain = "public";

    /// <summary>Without an <c>accessControl</c> everybody may call everything.</summary>
    public static AccessControlSettings AllowAll { get; } = new(true, PublicTrustDomain, []);
}

/// <summary>What one app may call.</summary>
/// <param name="AllowsByDefault">What no operation says; null = as for all apps.</param>
public sealed record AppAccess(string AppId, string TrustDomain, string Namespace, bool? AllowsByDefault, IReadOnlyList<OperationAccess> Operations);

/// <param name="Name">With a leading slash; a segment <c>*</c> stands for any, <c>/**</c> at the end for the rest.</param>
/// <param name="Verbs">In upper case; empty = the operation says nothing to any verb; <c>*</c> = all.</param>
public sealed record OperationAccess(string Name, IReadOnlyList<string> Verbs, bool Allows);
