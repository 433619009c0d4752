// A value as it is given, fields or bytes, as a record of its class.

using NanoSync.Protocol;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Application;

internal static class ValuePacker
{
    /// <summary>The bytes of a value; refused, with the field, when they do not fit the class.</summary>
    /// <param name="value">What was given.</param>
    /// <param name="wireName">Its class; null = none is named.</param>
    /// <param name="type">The same, null when its definition is not known.</param>
    /// <param name="most">Bytes that are taken.</param>
    public static byte[] Pack(NewValue value, string? wireName, ObjectClass? type, int most)
    {
        byte[] data;
        if (value.Fields != null)
        {
            if (type == null)
            {
                throw new RefusedException(Refusal.BadInput, wireName == null
                    ? "Fields of which class? Name it (class=), with its definition if it is new: sampling(interval:u,sensors:t)"
                    : $"The definition of {wireName} is not known yet: the device is asked for it.")
                {
                    Field = "class",
                };
            }

            ObjectJson.CheckKinds(type, value);
            try
            {
                data = RecordText.Pack(type, value.Fields);
            }
            catch (RecordException e)
            {
                throw new RefusedException(Refusal.BadInput, e.Message) { Code = e.Code, Field = e.Field };
            }

            ObjectJson.CheckNames(type, value);
        }
        else
        {
            data = value.Data ?? [];
            if (type != null && !RecordText.IsSound(type, data))
            {
                throw new RefusedException(Refusal.BadInput, $"The bytes are not a record of {wireName}.");
            }
        }

        return data.Length <= most ? data : throw new RefusedException(Refusal.TooLarge, $"{data.Length} bytes; at most {most} are taken.");
    }

    /// <summary>The class that is meant: name(fields) = a definition to keep, name#hash = that one, name = the newest of that name.</summary>
    /// <param name="store">The database.</param>
    /// <param name="given">What was given.</param>
    /// <param name="newest">Wire names of a class name, those that count first before the others.</param>
    /// <param name="now">The time, milliseconds since 1970.</param>
    public static string Resolve(IStoreTransaction store, string given, Func<string, IEnumerable<string>> newest, long now)
    {
        if (given.Contains('('))
        {
            ObjectClass type = ClassCatalog.Parse(given) ?? throw new RefusedException(Refusal.BadInput, $"Not a class definition: {given}") { Field = "class" };
            string wireName = ClassCatalog.WireName(type);
            store.SaveClass(ClassCatalog.Application, wireName, type.Definition, now);
            return wireName;
        }

        return ClassCatalog.IsWireName(given) ? given
            : newest(given).FirstOrDefault() ?? throw new RefusedException(Refusal.NotFound, $"There is no class {given}.") { Field = "class" };
    }
}
