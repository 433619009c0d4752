// What a request that is refused is told: problem details (RFC 9457) with a code that never changes and the field that is meant.

using System.ComponentModel;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;

namespace NanoSync.Server.Http;

/// <summary>Problem details.</summary>
/// <param name="Title">The status in words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What is wrong, for a person.</param>
/// <param name="Code">What is wrong, for a program.</param>
/// <param name="Field">The field or parameter that is meant.</param>
internal sealed record ApiProblem(
    string Title,
    int Status,
    [property: Description("What is wrong, in a sentence for a person.")] string Detail,
    [property: Description("What is wrong, for a program: it does not change between versions.")] string Code,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("The field or parameter that is meant.")] string? Field = null)
{
    public const string MediaType = "application/problem+json";

    public static ApiProblem Of(int status, string code, string detail, string? field = null)
    {
        return new ApiProblem(Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status), status, detail, code, field);
    }

    public Task Write(HttpContext context)
    {
        context.Response.StatusCode = Status;
        return context.Response.WriteAsJsonAsync(this, JsonRules.Options, MediaType);
    }
}

/// <summary>Turns what is thrown below REST into problem details.</summary>
internal sealed partial class ApiProblems(StoreTrouble trouble)
{
    public async Task Run(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
            if (!HttpMethods.IsGet(context.Request.Method) && context.Response.StatusCode < StatusCodes.Status400BadRequest)
            {
                trouble.Answered();
            }

            await Explain(context);
        }
        catch (RefusedException e) when (!context.Response.HasStarted)
        {
            bool conditional = context.Request.Headers.IfMatch.Count + context.Request.Headers.IfNoneMatch.Count > 0;
            (int status, string code) = e.Kind switch
            {
                Refusal.NotFound => (StatusCodes.Status404NotFound, "not_found"),
                Refusal.Conflict when conditional && e.Code == null => (StatusCodes.Status412PreconditionFailed, "changed_since"),
                Refusal.Conflict => (StatusCodes.Status409Conflict, "conflict"),
                Refusal.TooLarge => (StatusCodes.Status413PayloadTooLarge, "too_large"),
                Refusal.Gone => (StatusCodes.Status410Gone, "gone"),
                Refusal.Forbidden => (StatusCodes.Status403Forbidden, "forbidden"),
                _ => (StatusCodes.Status400BadRequest, "bad_input"),
            };
            await ApiProblem.Of(status, e.Code ?? code, e.Message, e.Field).Write(context);
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            await (Parameter(context, e) ?? ApiProblem.Of(e.StatusCode, e.StatusCode == StatusCodes.Status413PayloadTooLarge ? "too_large" : "bad_input", e.Message)).Write(context);
        }
        catch (StoreException e) when (!context.Response.HasStarted)
        {
            context.Response.Headers.RetryAfter = trouble.NoteFailure(e);
            await ApiProblem.Of(StatusCodes.Status503ServiceUnavailable, "database", e.Message).Write(context);
        }
    }

    // What the framework refuses without a word.
    private static Task Explain(HttpContext context)
    {
        if (context.Response.HasStarted || !context.Request.Path.StartsWithSegments(Api.Prefix) || context.Response.ContentType != null)
        {
            return Task.CompletedTask;
        }

        return context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => ApiProblem.Of(StatusCodes.Status404NotFound, "no_route", "There is no such path; /reference shows those that there are.").Write(context),
            StatusCodes.Status405MethodNotAllowed => ApiProblem.Of(StatusCodes.Status405MethodNotAllowed, "no_method", $"This path has no {context.Request.Method}.").Write(context),
            _ => Task.CompletedTask,
        };
    }

    // A parameter that the framework could not read.
    private static ApiProblem? Parameter(HttpContext context, BadHttpRequestException e)
    {
        Match match = Unbound().Match(e.Message);
        return !match.Success ? null
            : context.Request.Query[match.Groups[1].Value].Count > 1
            ? ApiProblem.Of(StatusCodes.Status400BadRequest, "given_twice", $"{match.Groups[1].Value} is given twice.", match.Groups[1].Value)
            : ApiProblem.Of(StatusCodes.Status400BadRequest, "wrong_type", QueryRules.Wanted(context, match.Groups[1].Value), match.Groups[1].Value);
    }

    [GeneratedRegex("parameter \"[^\"]*?(\\w+)\"")]
    private static partial Regex Unbound();
}
