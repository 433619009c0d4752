// Error numbers of the codec. Bands over the whole project: 1xx the caller's misuse, 2xx the peer's bytes,
// 3xx the flash store, 4xx the carrier. The number alone says whose fault it is: 101 to 109 are misuses of
// the store, 110 is one of a carrier, those of the codec begin at 111.

namespace NanoSync.Protocol
{
    /// <summary>What is wrong with a message, or with the way it is written. [SPEC 2.6]</summary>
    public enum SyncError
    {
        /// <summary>Nothing is wrong.</summary>
        None = 0,

        /// <summary>A writer was called in an order the grammar does not allow, or data did not have the announced length.</summary>
        WriterMisuse = 111,

        /// <summary>The sink did not take the bytes; it knows why.</summary>
        SinkFailed = 112,

        /// <summary>The first bytes are not 03 01 6A 00, or the XML does not start with an element.</summary>
        BadHeader = 201,

        /// <summary>A WBXML token other than tags, END, STR_I, OPAQUE and SWITCH_PAGE 0, or a tag with attributes.</summary>
        TokenNotAllowed = 202,

        /// <summary>A tag or element name that this protocol does not have.</summary>
        UnknownTag = 203,

        /// <summary>An element stands where the grammar does not allow it.</summary>
        NotInGrammar = 204,

        /// <summary>A value is longer than <see cref="Limits.Text"/> bytes.</summary>
        TextTooLong = 206,

        /// <summary>An object is larger than the reader's declared maximum.</summary>
        DataTooLong = 207,

        /// <summary>A length of more than 31 bits.</summary>
        BadLength = 208,

        /// <summary>The text of ApplicationData is not base64.</summary>
        BadBase64 = 209,

        /// <summary>
        /// A required element is missing, or comes too late: SyncKey and CollectionId before Options, Responses and Commands,
        /// all others before the ApplicationData of a command.
        /// </summary>
        Missing = 210,

        /// <summary>An element that may stand once stands twice.</summary>
        Duplicate = 211,

        /// <summary>A number that is not 1 to 9 decimal digits, or out of its bounds; a version that is not two of them; a mark that is neither empty nor 0 or 1.</summary>
        BadNumber = 212,

        /// <summary>The input ended before the message did.</summary>
        Truncated = 213,

        /// <summary>Bytes follow the end of the message.</summary>
        TrailingBytes = 214,

        /// <summary>XML that is not well formed, or uses what this protocol leaves out (a DTD with an internal subset, prefixes, unknown entities).</summary>
        BadXml = 215,

        /// <summary>The root element is not in the namespace <c>AirSync:</c>.</summary>
        BadNamespace = 216,

        /// <summary>Text where only elements may stand, or a control byte (below 0x20) inside a value.</summary>
        BadText = 217,

        /// <summary>More collections, commands, structures or fields than the receiver takes. [SPEC 2.5]</summary>
        TooMany = 218,

        /// <summary>A sound reply, but to another request than the last: it is late or came twice, and changes nothing. [SPEC 5.3]</summary>
        OtherRequest = 219,

        /// <summary>The packed record does not fit its class: cut short, bytes left over, a value out of range.</summary>
        BadRecord = 220,
    }
}
