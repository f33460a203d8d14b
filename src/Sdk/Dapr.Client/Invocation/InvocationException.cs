namespace Dapr.Client;

/// <summary>Invoking a method of another app failed.</summary>
public class InvocationException : DaprException
{
    /// <summary>A failed invocation.</summary>
    /// <param name="appId">The app that was called.</param>
    /// <param name="methodName">The method that was called.</param>
    /// <param name="innerException">The cause.</param>
    /// <param name="response">The answer, if there was one.</param>
    public InvocationException(string appId, string methodName, Exception innerException, HttpResponseMessage response)
        : base($"Invoking '{methodName}' of app '{appId}' failed. {innerException?.Message}".TrimEnd(), innerException!)
    {
        AppId = appId;
        MethodName = methodName;
        Response = response;
    }

    /// <summary>The app that was called.</summary>
    public string AppId { get; }

    /// <summary>The method that was called.</summary>
    public string MethodName { get; }

    /// <summary>The answer; null when there was none.</summary>
    public HttpResponseMessage Response { get; }
}
