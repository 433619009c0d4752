// Objects as JSON, for the application. Field values: true/false, numbers, texts, ISO 8601 times, base64 bytes; null for a
// field that the record does not have. Each field of the class is named, so that none is forgotten.

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NanoSync.Protocol;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Application;

/// <summary>JSON to and from objects.</summary>
public static class ObjectJson
{
    /// <summary>{id, class, seq, changed, by, state, reason?, value | data}</summary>
    public static JsonObject Of(ObjectView view)
    {
        JsonObject json = new()
        {
            ["id"] = view.Row.Id,
            ["class"] = view.Row.Class,
            ["seq"] = view.Row.Seq,
            ["changed"] = Time(view.Row.Changed),
            ["by"] = view.By,
            ["state"] = view.State,
        };
        if (view.Reason != null)
        {
            json["reason"] = view.Reason;
        }

        if (view.Row.Deleted)
        {
            json["deleted"] = true;
        }
        else
        {
            AddValue(json, view.Class, view.Row.Data!);
        }

        return json;
    }

    /// <summary>Adds the fields as "value", or the bytes as "data" when they cannot be read as fields.</summary>
    public static void AddValue(JsonObject json, ObjectClass? type, byte[] data)
    {
        if (type is { Count: > 0 })
        {
            try
            {
                json["value"] = Fields(type, data);
                return;
            }
            catch (RecordException)
            {
                // kept before its class was known, and not of it
            }
        }

        json["data"] = Convert.ToBase64String(data);
    }

    /// <summary>Milliseconds since 1970 as ISO 8601.</summary>
    public static string Time(long milliseconds)
    {
        return DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
    }

    /// <summary>JSON that is one object, and whose texts and names are all Unicode: "\ud800", half of a pair, has no bytes.</summary>
    public static JsonDocument ParseObject(ReadOnlyMemory<byte> json)
    {
        try
        {
            Utf8JsonReader reader = new(json.Span);
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                {
                    reader.GetString();
                }
            }

            JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document
                : throw new RefusedException(Refusal.BadInput, "The JSON is not an object of fields.");
        }
        catch (JsonException e)
        {
            throw new RefusedException(Refusal.BadInput, $"Not JSON: {e.Message}");
        }
        catch (InvalidOperationException)
        {
            throw new RefusedException(Refusal.BadInput, "A text in the JSON is not Unicode: half of a surrogate pair, or bytes that are not UTF-8.");
        }
    }

    /// <summary>A value from JSON: an object of fields; or {class, value: {fields}} or {class, data: base64}.</summary>
    public static NewValue Parse(ReadOnlyMemory<byte> json, string? type)
    {
        using (JsonDocument document = ParseObject(json))
        {
            JsonElement root = document.RootElement;
            JsonElement value = default;
            bool envelope = root.EnumerateObject().Count() == 2
                && root.TryGetProperty("class", out JsonElement named) && named.ValueKind == JsonValueKind.String
                && (root.TryGetProperty("value", out value) ? value.ValueKind == JsonValueKind.Object
                    : root.TryGetProperty("data", out value) && value.ValueKind == JsonValueKind.String);
            if (!envelope)
            {
                return OfFields(root, type);
            }

            type ??= root.GetProperty("class").GetString();
            if (value.ValueKind == JsonValueKind.Object)
            {
                return OfFields(value, type);
            }

            return value.TryGetBytesFromBase64(out byte[]? bytes)
                ? new NewValue(null, bytes, type)
                : throw new RefusedException(Refusal.BadInput, "data is not base64.");
        }
    }

    /// <summary>The members of a JSON object as texts, without those that are null.</summary>
    public static List<KeyValuePair<string, string>> ParseFields(JsonElement json)
    {
        List<KeyValuePair<string, string>> fields = [];
        foreach (JsonProperty member in json.EnumerateObject())
        {
            switch (member.Value.ValueKind)
            {
                case JsonValueKind.Null:
                    break;
                case JsonValueKind.String:
                    fields.Add(new(member.Name, member.Value.GetString()!));
                    break;
                case JsonValueKind.Number:
                case JsonValueKind.True:
                case JsonValueKind.False:
                    fields.Add(new(member.Name, member.Value.GetRawText()));
                    break;
                default:
                    throw new RefusedException(Refusal.BadInput, $"{member.Name} is neither text, number, true nor false.") { Code = "wrong_type", Field = member.Name };
            }
        }

        return fields;
    }

    /// <summary>A number is no text and a text no number, whatever its characters; NaN and the infinities have no other form in JSON.</summary>
    public static void CheckKinds(ObjectClass type, NewValue value)
    {
        if (value.Quoted == null)
        {
            return;
        }

        foreach ((string name, string text) in value.Fields!)
        {
            int field = type.FindField(name);
            if (field < 0)
            {
                continue; // said where it is packed
            }

            FieldType kind = type.TypeOf(field);
            bool isText = kind is FieldType.Text or FieldType.Bytes or FieldType.Time
                || (kind is FieldType.Float or FieldType.Double && text is "NaN" or "Infinity" or "-Infinity");
            if (isText != value.Quoted.Contains(name))
            {
                throw new RefusedException(Refusal.BadInput, $"{name} is {(isText ? "a text, in quotes" : kind == FieldType.Bool ? "true or false" : "a number, without quotes")}.") { Code = "wrong_type", Field = name };
            }
        }
    }

    /// <summary>Each field of the class is given, once: null when the object is to be without it.</summary>
    public static void CheckNames(ObjectClass type, NewValue value)
    {
        if (value.Quoted == null)
        {
            return;
        }

        List<string> given = [.. value.Fields!.Select(f => f.Key), .. value.Absent];
        if (given.Find(n => type.FindField(n) < 0) is { } unknown)
        {
            throw new RefusedException(Refusal.BadInput, $"{type.Name} has no field {unknown}.") { Code = "unknown_field", Field = unknown };
        }

        for (int field = 0; field < type.Count; field++)
        {
            string name = type.FieldName(field);
            int times = given.Count(n => n == name);
            if (times != 1)
            {
                throw new RefusedException(Refusal.BadInput, times == 0 ? $"{name} is missing: null if the object is to be without it." : $"{name} is given twice.")
                {
                    Code = times == 0 ? "missing_field" : "given_twice",
                    Field = name,
                };
            }
        }
    }

    private static NewValue OfFields(JsonElement json, string? type)
    {
        return new NewValue(ParseFields(json), null, type)
        {
            Quoted = json.EnumerateObject().Where(m => m.Value.ValueKind == JsonValueKind.String).Select(m => m.Name).ToHashSet(),
            Absent = [.. json.EnumerateObject().Where(m => m.Value.ValueKind == JsonValueKind.Null).Select(m => m.Name)],
        };
    }

    private static JsonObject Fields(ObjectClass type, byte[] data)
    {
        JsonObject fields = [];
        for (int i = 0; i < type.Count; i++)
        {
            fields[type.FieldName(i)] = null;
        }

        foreach ((int field, string text) in RecordText.Unpack(type, data))
        {
            fields[type.FieldName(field)] = type.TypeOf(field) switch
            {
                FieldType.Text or FieldType.Bytes or FieldType.Time => JsonValue.Create(text),
                FieldType.Float or FieldType.Double when !double.IsFinite(double.Parse(text, CultureInfo.InvariantCulture)) => JsonValue.Create(text),
                _ => JsonNode.Parse(text), // as written: no digit is lost
            };
        }

        return fields;
    }
}
