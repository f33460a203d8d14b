using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Shop.ServiceDefaults;

/// <summary>Problem details that several services answer.</summary>
public static class ShopProblems
{
    /// <summary>503 with <c>Retry-After</c>: nothing was accepted, and the same request may succeed shortly.</summary>
    public static ProblemHttpResult Unavailable(HttpContext http, string detail)
    {
        http.Response.Headers.RetryAfter = "1";
        return TypedResults.Problem(detail, statusCode: StatusCodes.Status503ServiceUnavailable, title: "Temporarily unavailable");
    }

    /// <summary>400 for a body that is no JSON; what is wrong inside of one is a validation problem.</summary>
    public static ProblemHttpResult MalformedJson(string reason) =>
        TypedResults.Problem(reason, statusCode: StatusCodes.Status400BadRequest, title: "The body is not valid JSON");
}
