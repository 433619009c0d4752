// The parameters of a route: those it declares, each once, within its range. A name that it does not have is refused, as it
// would otherwise count as not given.

using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using NanoSync.Server.Application;

namespace NanoSync.Server.Http;

/// <summary>A parameter that is one of the names of an enumeration, as they are written in JSON.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class OneOfAttribute(Type type) : Attribute
{
    /// <summary>The names.</summary>
    public string[] Values { get; } = [.. Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName)];

    /// <summary>The value of a parameter that was looked at; null = not given.</summary>
    public static T? Parse<T>(string? text)
        where T : struct, Enum
    {
        return text == null ? null : Enum.Parse<T>(text, ignoreCase: true);
    }
}

internal static class QueryRules
{
    /// <summary>Looks at the query of a request before its handler does.</summary>
    public static EndpointFilterDelegate Filter(EndpointFilterFactoryContext factory, EndpointFilterDelegate next)
    {
        ParameterInfo[] parameters = [.. Of(factory.MethodInfo)];
        string[] names = [.. parameters.Select(p => p.Name!)];
        return async invocation =>
        {
            IQueryCollection query = invocation.HttpContext.Request.Query;
            RawPath.Check(invocation.HttpContext);
            foreach (string given in query.Keys)
            {
                if (!names.Contains(given) || invocation.HttpContext.Request.RouteValues.ContainsKey(given))
                {
                    throw new RefusedException(Refusal.BadInput, $"There is no parameter {given}. " + (names.Length == 0 ? "There is none." : $"There are: {string.Join(", ", names)}."))
                    {
                        Code = "unknown_parameter",
                        Field = given,
                    };
                }

                if (query[given].Count > 1)
                {
                    throw new RefusedException(Refusal.BadInput, $"{given} is given twice.") { Code = "given_twice", Field = given };
                }
            }

            foreach (ParameterInfo parameter in parameters)
            {
                if (query.ContainsKey(parameter.Name!) && parameter.GetCustomAttribute<OneOfAttribute>() is { } choice && !choice.Values.Contains((string?)query[parameter.Name!]))
                {
                    throw new RefusedException(Refusal.BadInput, Wanted(parameter)) { Code = "wrong_type", Field = parameter.Name };
                }

                if (query.ContainsKey(parameter.Name!) && parameter.GetCustomAttribute<RangeAttribute>() is { } range
                    && !(decimal.TryParse(query[parameter.Name!], NumberStyles.Number, CultureInfo.InvariantCulture, out decimal value)
                        && value >= Convert.ToDecimal(range.Minimum, CultureInfo.InvariantCulture) && value <= Convert.ToDecimal(range.Maximum, CultureInfo.InvariantCulture)))
                {
                    throw new RefusedException(Refusal.BadInput, Wanted(parameter)) { Code = "out_of_range", Field = parameter.Name };
                }
            }

            return await next(invocation);
        };
    }

    /// <summary>What a parameter of the route asked for is to be, as a sentence.</summary>
    public static string Wanted(HttpContext context, string name)
    {
        ParameterInfo? parameter = context.GetEndpoint()?.Metadata.GetMetadata<MethodInfo>() is { } method ? Of(method).FirstOrDefault(p => p.Name == name) : null;
        return parameter == null ? $"{name} cannot be read." : Wanted(parameter);
    }

    private static string Wanted(ParameterInfo parameter)
    {
        return parameter.GetCustomAttribute<OneOfAttribute>() is { } choice ? $"{parameter.Name} is one of {string.Join(", ", choice.Values)}."
            : parameter.GetCustomAttribute<RangeAttribute>() is { } range
            ? string.Create(CultureInfo.InvariantCulture, $"{parameter.Name} is a number from {range.Minimum} to {range.Maximum}.")
            : $"{parameter.Name} is {ApiJson.Words(parameter.ParameterType)}.";
    }

    private static IEnumerable<ParameterInfo> Of(MethodInfo method)
    {
        return method.GetParameters().Where(p => p.ParameterType == typeof(string) || (Nullable.GetUnderlyingType(p.ParameterType) ?? p.ParameterType) is { IsPrimitive: true }
            || (Nullable.GetUnderlyingType(p.ParameterType) ?? p.ParameterType) == typeof(DateTimeOffset));
    }
}
