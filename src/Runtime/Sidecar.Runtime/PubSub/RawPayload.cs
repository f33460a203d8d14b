namespace Sidecar.Runtime.PubSub;

/// <summary>The <c>rawPayload</c> entry of publish and subscription metadata.</summary>
internal static class RawPayload
{
    private const string Name = "rawPayload";

    /// <summary>False with the reason when the entry is no boolean as Go writes them; absent or empty means no.</summary>
    public static bool TryRead(IReadOnlyDictionary<string, string> metadata, out bool isRaw, out string? error)
    {
        isRaw = false;
        error = null;
        foreach (var (name, value) in metadata)
        {
            if (value.Length == 0 || !name.Equals(Name, StringComparison.OrdinalIgnoreCase))
                continue;
            if (value is "1" or "t" or "T" or "true" or "TRUE" or "True")
                isRaw = true;
            else if (value is not ("0" or "f" or "F" or "false" or "FALSE" or "False"))
                error = $"{Name} is '{value}', expected true or false";
        }

        return error is null;
    }
}
