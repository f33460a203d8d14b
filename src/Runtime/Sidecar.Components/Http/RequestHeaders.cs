namespace Sidecar.Components.Http;

/// <summary>Headers of a request whose names come from elsewhere.</summary>
public static class RequestHeaders
{
    /// <summary>Gives the header this value in place of those that it has.</summary>
    public static void Set(HttpRequestMessage request, string name, string value)
    {
        if (request.Headers.NonValidated.Contains(name))
            request.Headers.Remove(name);
        if (request.Headers.TryAddWithoutValidation(name, value))
            return;

        // Content-Type and the like: the client takes them with a body alone, even an empty one.
        request.Content ??= new ByteArrayContent([]);
        request.Content.Headers.Remove(name);
        request.Content.Headers.TryAddWithoutValidation(name, value);
    }
}
