// System.Net.Http.dll as a board has it: package nanoFramework.System.Net.Http.Client.
// Declarations only, see README.md. Nothing may be added that nanoFramework does not have.

using System;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Net.Http.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace System
{
    public class Uri
    {
        public const int HttpDefaultPort = 80;
        public const int HttpsDefaultPort = 443;
        public const int UnknownPort = -1;
        public const string UriSchemeHttp = "http";
        public const string UriSchemeHttps = "https";
        public extern Uri(string a);
        public extern Uri(string a, UriKind b);
        public extern Uri(Uri a, string b = default);
        public extern bool IsAbsoluteUri { get; }
        public extern bool IsDefaultPort { get; }
        public extern bool IsFile { get; }
        public extern bool IsLoopback { get; }
        public extern bool IsUnc { get; }
        public extern int Port { get; }
        public extern string AbsolutePath { get; }
        public extern string AbsoluteUri { get; }
        public extern string Fragment { get; }
        public extern string Host { get; }
        public extern string OriginalString { get; }
        public extern string PathAndQuery { get; }
        public extern string Query { get; }
        public extern string Scheme { get; }
        public extern string UserInfo { get; }
        public extern string[] Segments { get; }
        public extern UriHostNameType HostNameType { get; }
        protected extern bool ConstructAbsoluteUri(string a);
        protected extern bool IsIPv4(string a);
        protected extern bool ParseSchemeSpecificPart(string a, int b);
        protected extern bool ParseUriString(string a);
        protected extern bool ValidateUriPart(string a, int b);
        protected extern void Split(string a, int b, out string c, out string d, bool e);
        public static extern bool IsWellFormedUriString(string a, UriKind b);
        public static extern bool operator ==(Uri a, Uri b);
        public static extern bool operator !=(Uri a, Uri b);
        public override extern bool Equals(object a);
        public override extern int GetHashCode();
    }

    public enum UriHostNameType
    {
        Unknown = 0,
        Basic = 1,
        Dns = 2,
        IPv4 = 3,
        IPv6 = 4,
    }

    public enum UriKind
    {
        RelativeOrAbsolute = 0,
        Absolute = 1,
        Relative = 2,
    }
}

namespace System.Net
{
    public enum AuthenticationType
    {
        Basic = 0,
        WindowsLive = 1,
    }

    public delegate void HttpContinueDelegate(int a, WebHeaderCollection b);

    public enum HttpStatusCode
    {
        Continue = 100,
        SwitchingProtocols = 101,
        OK = 200,
        Created = 201,
        Accepted = 202,
        NonAuthoritativeInformation = 203,
        NoContent = 204,
        ResetContent = 205,
        PartialContent = 206,
        Ambiguous = 300,
        MultipleChoices = 300,
        Moved = 301,
        MovedPermanently = 301,
        Found = 302,
        Redirect = 302,
        RedirectMethod = 303,
        SeeOther = 303,
        NotModified = 304,
        UseProxy = 305,
        Unused = 306,
        RedirectKeepVerb = 307,
        TemporaryRedirect = 307,
        BadRequest = 400,
        Unauthorized = 401,
        PaymentRequired = 402,
        Forbidden = 403,
        NotFound = 404,
        MethodNotAllowed = 405,
        NotAcceptable = 406,
        ProxyAuthenticationRequired = 407,
        RequestTimeout = 408,
        Conflict = 409,
        Gone = 410,
        LengthRequired = 411,
        PreconditionFailed = 412,
        RequestEntityTooLarge = 413,
        RequestUriTooLong = 414,
        UnsupportedMediaType = 415,
        RequestedRangeNotSatisfiable = 416,
        ExpectationFailed = 417,
        InternalServerError = 500,
        NotImplemented = 501,
        BadGateway = 502,
        ServiceUnavailable = 503,
        GatewayTimeout = 504,
        HttpVersionNotSupported = 505,
    }

    public class HttpVersion
    {
        public static readonly Version Version10;
        public static readonly Version Version11;
        public extern HttpVersion();
    }

    public class HttpWebRequest : WebRequest
    {
        internal extern HttpWebRequest();
        public extern bool AllowAutoRedirect { get; }
        public extern bool AllowWriteStreamBuffering { get; set; }
        public extern bool HaveResponse { get; }
        public extern bool KeepAlive { get; set; }
        public extern bool SendChunked { get; set; }
        public extern DateTime IfModifiedSince { get; }
        public extern int MaximumAutomaticRedirections { get; }
        public extern int MaximumResponseHeadersLength { get; set; }
        public extern int ReadWriteTimeout { get; set; }
        public override extern int Timeout { get; set; }
        public override extern long ContentLength { get; set; }
        public extern HttpContinueDelegate ContinueDelegate { get; set; }
        public override extern IWebProxy Proxy { get; set; }
        public extern NetworkCredential Credentials { get; set; }
        public extern SslProtocols SslProtocols { get; set; }
        public extern SslVerification SslVerification { get; set; }
        public override extern WebHeaderCollection Headers { get; set; }
        public extern X509Certificate HttpsAuthentCert { get; set; }
        public extern string Accept { get; set; }
        public override extern string ContentType { get; set; }
        public extern string Expect { get; set; }
        public override extern string Method { get; set; }
        public extern string Referer { get; set; }
        public extern string TransferEncoding { get; set; }
        public extern string UserAgent { get; set; }
        public extern Uri Address { get; }
        public override extern Uri RequestUri { get; }
        public extern Version ProtocolVersion { get; set; }
        public static extern int DefaultMaximumResponseHeadersLength { get; set; }
        public extern void AddRange(int a);
        public extern void AddRange(int a, int b);
        public extern void AddRange(string a, int b);
        public extern void AddRange(string a, int b, int c);
        public extern void Reset();
        protected override extern void Dispose(bool a);
        public override extern Stream GetRequestStream();
        public override extern WebResponse GetResponse();
    }

    public class HttpWebResponse : WebResponse
    {
        internal extern HttpWebResponse();
        public extern DateTime LastModified { get; }
        public override extern long ContentLength { get; }
        public extern HttpStatusCode StatusCode { get; }
        public override extern WebHeaderCollection Headers { get; }
        public extern string ContentEncoding { get; }
        public override extern string ContentType { get; }
        public extern string Method { get; }
        public extern string Server { get; }
        public extern string StatusDescription { get; }
        public override extern Uri ResponseUri { get; }
        public extern Version ProtocolVersion { get; }
        public extern string GetResponseHeader(string a);
        protected override extern void Dispose(bool a);
        public override extern Stream GetResponseStream();
        public override extern void Close();
    }

    public interface IWebProxy
    {
        bool IsBypassed(Uri a);
        Uri GetProxy(Uri a);
    }

    public interface IWebRequestCreate
    {
        WebRequest Create(Uri a);
    }

    public class NetworkCredential
    {
        public extern NetworkCredential();
        public extern NetworkCredential(string a, string b);
        public extern NetworkCredential(string a, string b, global::System.Net.AuthenticationType c);
        public extern global::System.Net.AuthenticationType AuthenticationType { get; set; }
        public extern string Password { get; set; }
        public extern string UserName { get; set; }
    }

    public class ProtocolViolationException : InvalidOperationException
    {
        public extern ProtocolViolationException();
        public extern ProtocolViolationException(string a);
    }

    public class WebException : InvalidOperationException
    {
        public extern WebException();
        public extern WebException(string a);
        public extern WebException(string a, Exception b);
        public extern WebException(string a, Exception b, WebExceptionStatus c, WebResponse d);
        public extern WebException(string a, WebExceptionStatus b);
        public extern WebExceptionStatus Status { get; }
        public extern WebResponse Response { get; }
    }

    public enum WebExceptionStatus
    {
        Success = 0,
        NameResolutionFailure = 1,
        ConnectFailure = 2,
        ReceiveFailure = 3,
        SendFailure = 4,
        PipelineFailure = 5,
        RequestCanceled = 6,
        ProtocolError = 7,
        ConnectionClosed = 8,
        TrustFailure = 9,
        SecureChannelFailure = 10,
        ServerProtocolViolation = 11,
        KeepAliveFailure = 12,
        Pending = 13,
        Timeout = 14,
        ProxyNameResolutionFailure = 15,
    }

    public class WebHeaderCollection
    {
        public extern WebHeaderCollection();
        public extern int Count { get; }
        public extern string this[string a] { get; }
        public extern string[] AllKeys { get; }
        public extern byte[] ToByteArray();
        public extern string[] GetValues(string a);
        public extern void Add(string a);
        public extern void Add(string a, string b);
        public extern void Remove(string a);
        public extern void Set(string a, string b);
        public static extern bool IsRestricted(string a);
        public override extern string ToString();
    }

    public class WebProxy : IWebProxy
    {
        public extern WebProxy();
        public extern WebProxy(string a);
        public extern WebProxy(string a, bool b);
        public extern WebProxy(string a, int b);
        public extern WebProxy(Uri a);
        public extern WebProxy(Uri a, bool b);
        public extern bool BypassProxyOnLocal { get; set; }
        public extern Uri Address { get; set; }
        public extern bool IsBypassed(Uri a);
        public extern Uri GetProxy(Uri a);
    }

    public abstract class WebRequest : MarshalByRefObject, IDisposable
    {
        protected extern WebRequest();
        public virtual extern int Timeout { get; set; }
        public virtual extern long ContentLength { get; set; }
        public virtual extern IWebProxy Proxy { get; set; }
        public virtual extern WebHeaderCollection Headers { get; set; }
        public virtual extern string ConnectionGroupName { get; set; }
        public virtual extern string ContentType { get; set; }
        public virtual extern string Method { get; set; }
        public virtual extern Uri RequestUri { get; }
        public static extern IWebProxy DefaultWebProxy { get; set; }
        public extern void Dispose();
        protected virtual extern void Dispose(bool a);
        public static extern bool RegisterPrefix(string a, IWebRequestCreate b);
        public static extern WebRequest Create(string a);
        public static extern WebRequest Create(Uri a);
        public static extern void Initialize();
        public virtual extern Stream GetRequestStream();
        public virtual extern WebResponse GetResponse();
    }

    public abstract class WebResponse : MarshalByRefObject, IDisposable
    {
        protected extern WebResponse();
        public virtual extern long ContentLength { get; set; }
        public virtual extern WebHeaderCollection Headers { get; }
        public virtual extern string ContentType { get; set; }
        public virtual extern Uri ResponseUri { get; }
        public extern void Dispose();
        protected virtual extern void Dispose(bool a);
        public virtual extern Stream GetResponseStream();
        public virtual extern void Close();
    }
}

namespace System.Net.Http
{
    public class ByteArrayContent : HttpContent
    {
        public extern ByteArrayContent(byte[] a);
        public extern ByteArrayContent(byte[] a, int b, int c);
        protected internal override extern bool TryComputeLength(out long a);
        protected override extern void SerializeToStream(Stream a);
    }

    public enum ClientCertificateOption
    {
        Manual = 0,
        Automatic = 1,
    }

    public class HttpClient : HttpMessageInvoker
    {
        public extern HttpClient();
        public extern HttpRequestHeaders DefaultRequestHeaders { get; }
        public extern SslProtocols SslProtocols { get; set; }
        public extern SslVerification SslVerification { get; set; }
        public extern X509Certificate HttpsAuthentCert { get; set; }
        public extern TimeSpan Timeout { get; set; }
        public extern Uri BaseAddress { get; set; }
        public extern byte[] GetByteArray(string a);
        public extern Stream GetStream(string a);
        public extern HttpResponseMessage Delete(string a);
        public extern HttpResponseMessage Get(string a);
        public extern HttpResponseMessage Get(string a, HttpCompletionOption b);
        public extern HttpResponseMessage Patch(string a, HttpContent b);
        public extern HttpResponseMessage Post(string a, HttpContent b);
        public extern HttpResponseMessage Put(string a, HttpContent b);
        public extern HttpResponseMessage Send(HttpRequestMessage a, HttpCompletionOption b);
        public extern string GetString(string a);
        public override extern HttpResponseMessage Send(HttpRequestMessage a);
    }

    public class HttpClientHandler : HttpMessageHandler
    {
        public extern HttpClientHandler();
        public virtual extern bool SupportsAutomaticDecompression { get; }
        public virtual extern bool SupportsProxy { get; }
        public virtual extern bool SupportsRedirectConfiguration { get; }
        public extern bool UseCookies { get; }
        public extern bool UseProxy { get; set; }
        public extern ClientCertificateOption ClientCertificateOptions { get; set; }
        public extern IWebProxy Proxy { get; set; }
        public extern NetworkCredential Credentials { get; set; }
        public extern SslProtocols SslProtocols { get; set; }
        public extern X509Certificate ClientCertificate { get; }
        protected internal override extern HttpResponseMessage Send(HttpRequestMessage a);
        protected override extern void Dispose(bool a);
    }

    public enum HttpCompletionOption
    {
        ResponseContentRead = 0,
        ResponseHeadersRead = 1,
    }

    public abstract class HttpContent : IDisposable
    {
        protected extern HttpContent();
        public extern HttpContentHeaders Headers { get; }
        public extern byte[] ReadAsByteArray();
        public extern Stream ReadAsStream();
        public extern string ReadAsString();
        public extern void CopyTo(Stream a);
        public extern void Dispose();
        public extern void LoadIntoBuffer();
        protected internal abstract bool TryComputeLength(out long a);
        protected abstract void SerializeToStream(Stream a);
        protected virtual extern Stream CreateContentReadStream();
        protected virtual extern void Dispose(bool a);
    }

    public abstract class HttpMessageHandler : IDisposable
    {
        protected extern HttpMessageHandler();
        public extern void Dispose();
        protected internal abstract HttpResponseMessage Send(HttpRequestMessage a);
        protected virtual extern void Dispose(bool a);
    }

    public class HttpMessageInvoker : IDisposable
    {
        public extern HttpMessageInvoker(HttpMessageHandler a);
        public extern HttpMessageInvoker(HttpMessageHandler a, bool b);
        public extern void Dispose();
        protected virtual extern void Dispose(bool a);
        public virtual extern HttpResponseMessage Send(HttpRequestMessage a);
    }

    public class HttpMethod
    {
        public extern HttpMethod(string a);
        public extern string Method { get; }
        public static extern HttpMethod Delete { get; }
        public static extern HttpMethod Get { get; }
        public static extern HttpMethod Head { get; }
        public static extern HttpMethod Options { get; }
        public static extern HttpMethod Patch { get; }
        public static extern HttpMethod Post { get; }
        public static extern HttpMethod Put { get; }
    }

    public class HttpRequestException : Exception
    {
        public extern HttpRequestException();
        public extern HttpRequestException(string a);
        public extern HttpRequestException(string a, Exception b);
    }

    public class HttpRequestMessage : IDisposable
    {
        public extern HttpRequestMessage();
        public extern HttpRequestMessage(HttpMethod a, string b);
        public extern HttpRequestHeaders Headers { get; }
        public extern HttpContent Content { get; set; }
        public extern HttpMethod Method { get; set; }
        public extern Uri RequestUri { get; set; }
        public extern Version Version { get; set; }
        public extern void Dispose();
        protected virtual extern void Dispose(bool a);
    }

    public class HttpResponseMessage : IDisposable
    {
        public extern HttpResponseMessage();
        public extern HttpResponseMessage(HttpStatusCode a);
        public extern bool IsSuccessStatusCode { get; }
        public extern HttpResponseHeaders Headers { get; }
        public extern HttpContent Content { get; set; }
        public extern HttpRequestMessage RequestMessage { get; set; }
        public extern HttpStatusCode StatusCode { get; }
        public extern string ReasonPhrase { get; set; }
        public extern Version Version { get; set; }
        public extern HttpResponseMessage EnsureSuccessStatusCode();
        public extern void Dispose();
        protected virtual extern void Dispose(bool a);
    }

    public class StreamContent : HttpContent
    {
        public extern StreamContent(Stream a);
        public extern StreamContent(Stream a, int b);
        protected internal override extern bool TryComputeLength(out long a);
        protected override extern Stream CreateContentReadStream();
        protected override extern void Dispose(bool a);
        protected override extern void SerializeToStream(Stream a);
    }

    public class StringContent : ByteArrayContent
    {
        public extern StringContent(string a);
        public extern StringContent(string a, Encoding b);
        public extern StringContent(string a, Encoding b, string c);
    }
}

namespace System.Net.Http.Headers
{
    public sealed class HttpContentHeaders : HttpHeaders
    {
        internal extern HttpContentHeaders();
        public extern long ContentLength { get; set; }
        public extern MediaTypeHeaderValue ContentType { get; set; }
    }

    public abstract class HttpHeaders
    {
        protected extern HttpHeaders();
        public extern void Add(string a, string b);
    }

    public sealed class HttpRequestHeaders : HttpHeaders
    {
        internal extern HttpRequestHeaders();
        public extern bool ConnectionClose { get; set; }
        public extern bool TransferEncodingChunked { get; set; }
        public extern string Connection { get; }
    }

    public sealed class HttpResponseHeaders : HttpHeaders
    {
        internal extern HttpResponseHeaders();
    }
}

namespace System.Net.Http.Http.Headers
{
    public class MediaTypeHeaderValue
    {
        public extern MediaTypeHeaderValue(string a);
        public extern string CharSet { get; set; }
        public extern string MediaType { get; set; }
        public static extern MediaTypeHeaderValue Parse(string a);
        public override extern string ToString();
    }
}

namespace System.Web
{
    public class HttpUtility
    {
        public extern HttpUtility();
        public static extern byte[] UrlDecodeToBytes(byte[] a);
        public static extern byte[] UrlDecodeToBytes(byte[] a, int b, int c);
        public static extern byte[] UrlDecodeToBytes(string a);
        public static extern byte[] UrlDecodeToBytes(string a, Encoding b);
        public static extern byte[] UrlEncodeToBytes(byte[] a);
        public static extern byte[] UrlEncodeToBytes(byte[] a, int b, int c);
        public static extern byte[] UrlEncodeToBytes(string a, Encoding b);
        public static extern int HexToInt(char a);
        public static extern string UrlDecode(byte[] a, int b, int c, Encoding d);
        public static extern string UrlDecode(byte[] a, Encoding b);
        public static extern string UrlDecode(string a);
        public static extern string UrlDecode(string a, Encoding b);
        public static extern string UrlEncode(byte[] a);
        public static extern string UrlEncode(byte[] a, int b, int c);
        public static extern string UrlEncode(string a);
        public static extern string UrlEncode(string a, Encoding b);
    }
}
