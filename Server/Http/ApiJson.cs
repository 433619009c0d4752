// How REST reads bodies: strictly. What is unknown, given twice, missing or of another type is refused with its name,
// because a slip in a name would otherwise count as "not given".

using System.Globalization;
using System.Text.Json;
using NanoSync.Server.Application;
using NanoSync.Server.Formats;

namespace NanoSync.Server.Http;

internal static class ApiJson
{
    /// <summary>The body of a request as a record.</summary>
    public static async Task<T> Read<T>(HttpContext context, int most)
    {
        ReadOnlyMemory<byte> body = await ReadBytes(context, most);
        using JsonDocument document = ObjectJson.ParseObject(body); // an object, and Unicode
        try
        {
            return JsonSerializer.Deserialize<T>(body.Span, JsonRules.Options)!;
        }
        catch (JsonException e)
        {
            throw Refused(e, typeof(T));
        }
    }

    /// <summary>The body of a request.</summary>
    public static async Task<ReadOnlyMemory<byte>> ReadBytes(HttpContext context, int most)
    {
        return await SyncEndpoint.ReadBody(context, most)
            ?? throw new RefusedException(Refusal.TooLarge, string.Create(CultureInfo.InvariantCulture, $"The body is too large: at most {most} bytes are taken."));
    }

    // The serializer's message names .NET types; what is wanted stands in the description, and the place in its path.
    private static RefusedException Refused(JsonException e, Type type)
    {
        string field = (e.Path ?? "$").TrimStart('$').TrimStart('.');
        string[] names = [.. type.GetProperties().Select(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name))];
        if (e.Message.Contains("could not be mapped", StringComparison.Ordinal))
        {
            // the path is that of the object; the name stands in the message
            string unknown = e.Message.Split('\'')[1];
            return new RefusedException(Refusal.BadInput, $"There is no {unknown} here. There are: {string.Join(", ", names)}.") { Code = "unknown_field", Field = unknown };
        }

        if (e.Message.Contains("uplicate", StringComparison.Ordinal) && e.Message.Split('\'') is { Length: > 1 } parts)
        {
            return new RefusedException(Refusal.BadInput, $"{parts[1]} is given twice.") { Code = "given_twice", Field = parts[1] };
        }

        if (e.Message.Contains("missing required", StringComparison.Ordinal))
        {
            string missing = e.Message.Split('\'') is { Length: >= 4 } quoted ? quoted[3] : field;
            return new RefusedException(Refusal.BadInput, $"{missing} is missing.") { Code = "missing_field", Field = missing };
        }

        Type? wanted = type.GetProperties().FirstOrDefault(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name) == field.Split('[', '.')[0])?.PropertyType;
        return new RefusedException(Refusal.BadInput, $"{(field.Length > 0 ? field : "The body")} is not {Words(wanted)}.") { Code = "wrong_type", Field = field.Length > 0 ? field : null };
    }

    /// <summary>A type in words: "a whole number".</summary>
    public static string Words(Type? type)
    {
        type = type == null ? null : Nullable.GetUnderlyingType(type) ?? type;
        return type == null ? "what is wanted"
            : type == typeof(bool) ? "true or false"
            : type == typeof(string) ? "a text"
            : type == typeof(int) || type == typeof(long) ? "a whole number"
            : type == typeof(double) || type == typeof(decimal) ? "a number"
            : type == typeof(DateTimeOffset) ? "a time such as 2026-03-01T12:00:00Z"
            : type.IsEnum ? "one of " + string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName))
            : type.IsArray ? "a list"
            : "an object";
    }
}
