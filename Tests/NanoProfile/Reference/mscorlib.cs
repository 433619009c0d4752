// mscorlib.dll as a board has it: package nanoFramework.CoreLibrary.
// Declarations only, see README.md. Nothing may be added that nanoFramework does not have.

using System;
using System.Collections;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace System
{
    public delegate void Action();

    public class AppDomainUnloadedException : SystemException
    {
        public extern AppDomainUnloadedException();
        public extern AppDomainUnloadedException(string a);
        public extern AppDomainUnloadedException(string a, Exception b);
    }

    public class ApplicationException : Exception
    {
        public extern ApplicationException();
        public extern ApplicationException(string a);
        public extern ApplicationException(string a, Exception b);
    }

    public class ArgumentException : SystemException
    {
        public extern ArgumentException();
        public extern ArgumentException(string a);
        public extern ArgumentException(string a, Exception b);
        public extern ArgumentException(string a, string b);
        public extern ArgumentException(string a, string b, Exception c);
        public override extern string Message { get; }
        public virtual extern string ParamName { get; }
        public static extern void ThrowIfNullOrEmpty(string a, string b = default);
    }

    public class ArgumentNullException : ArgumentException
    {
        public extern ArgumentNullException();
        public extern ArgumentNullException(string a);
        public extern ArgumentNullException(string a, Exception b);
        public extern ArgumentNullException(string a, string b);
        public static extern void ThrowIfNull(object a, string b = default);
    }

    public class ArgumentOutOfRangeException : ArgumentException
    {
        public extern ArgumentOutOfRangeException();
        public extern ArgumentOutOfRangeException(string a);
        public extern ArgumentOutOfRangeException(string a, string b);
    }

    public abstract class Array : ICollection, IEnumerable, IList, ICloneable
    {
        protected extern Array();
        public extern bool IsFixedSize { get; }
        public extern bool IsReadOnly { get; }
        public extern bool IsSynchronized { get; }
        public extern int Length { get; }
        public extern object SyncRoot { get; }
        public extern IEnumerator GetEnumerator();
        public extern object Clone();
        public extern object GetValue(int a);
        public extern void CopyTo(Array a, int b);
        public static extern Array CreateInstance(Type a, int b);
        public static extern int BinarySearch(Array a, int b, int c, object d, IComparer e);
        public static extern int BinarySearch(Array a, object b, IComparer c);
        public static extern int IndexOf(Array a, object b);
        public static extern int IndexOf(Array a, object b, int c);
        public static extern int IndexOf(Array a, object b, int c, int d);
        public static extern void Clear(Array a, int b, int c);
        public static extern void Copy(Array a, Array b, int c);
        public static extern void Copy(Array a, int b, Array c, int d, int e);
        extern int ICollection.Count { get; }
        extern object IList.this[int a] { get; set; }
        extern int IList.Add(object a);
        extern bool IList.Contains(object a);
        extern int IList.IndexOf(object a);
        extern void IList.Clear();
        extern void IList.Insert(int a, object b);
        extern void IList.Remove(object a);
        extern void IList.RemoveAt(int a);
    }

    public delegate void AsyncCallback(IAsyncResult a);

    [AttributeUsage(AttributeTargets.All)]
    public abstract class Attribute
    {
        protected extern Attribute();
    }

    public enum AttributeTargets
    {
        Assembly = 1,
        Module = 2,
        Class = 4,
        Struct = 8,
        Enum = 16,
        Constructor = 32,
        Method = 64,
        Property = 128,
        Field = 256,
        Event = 512,
        Interface = 1024,
        Parameter = 2048,
        Delegate = 4096,
        ReturnValue = 8192,
        All = 16383,
    }

    [AttributeUsage(AttributeTargets.Class)]
    public sealed class AttributeUsageAttribute : Attribute
    {
        public extern AttributeUsageAttribute(AttributeTargets a);
        public extern AttributeTargets ValidOn { get; }
        public extern bool AllowMultiple { get; set; }
        public extern bool Inherited { get; set; }
    }

    public enum Base64FormattingOptions
    {
        None = 0,
        InsertLineBreaks = 1,
    }

    public static class BitConverter
    {
        public static extern bool IsLittleEndian { get; }
        public static extern bool ToBoolean(byte[] a, int b);
        public static extern byte[] GetBytes(bool a);
        public static extern byte[] GetBytes(char a);
        public static extern byte[] GetBytes(double a);
        public static extern byte[] GetBytes(short a);
        public static extern byte[] GetBytes(int a);
        public static extern byte[] GetBytes(long a);
        public static extern byte[] GetBytes(float a);
        public static extern byte[] GetBytes(ushort a);
        public static extern byte[] GetBytes(uint a);
        public static extern byte[] GetBytes(ulong a);
        public static extern char ToChar(byte[] a, int b);
        public static extern double Int64BitsToDouble(long a);
        public static extern double ToDouble(byte[] a, int b);
        public static extern short ToInt16(byte[] a, int b);
        public static extern int ToInt32(byte[] a, int b);
        public static extern long DoubleToInt64Bits(double a);
        public static extern long ToInt64(byte[] a, int b);
        public static extern float ToSingle(byte[] a, int b);
        public static extern string ToString(byte[] a);
        public static extern string ToString(byte[] a, int b);
        public static extern string ToString(byte[] a, int b, int c);
        public static extern ushort ToUInt16(byte[] a, int b);
        public static extern uint ToUInt32(byte[] a, int b);
        public static extern ulong ToUInt64(byte[] a, int b);
    }

    public struct Boolean
    {
        private readonly bool _value;
        public static readonly string FalseString;
        public static readonly string TrueString;
        public override extern string ToString();
    }

    public struct Byte
    {
        private readonly byte _value;
        public const byte MaxValue = 255;
        public const byte MinValue = 0;
        public extern string ToString(string a);
        public static extern bool TryParse(string a, out byte b);
        public static extern byte Parse(string a);
        public override extern string ToString();
    }

    [AttributeUsage(AttributeTargets.All)]
    public sealed class CLSCompliantAttribute : Attribute
    {
        public extern CLSCompliantAttribute(bool a);
        public extern bool IsCompliant { get; }
    }

    public struct Char
    {
        private readonly char _value;
        public const char MaxValue = '\uFFFF';
        public const char MinValue = '\0';
        public extern char ToLower();
        public extern char ToUpper();
        public override extern string ToString();
    }

    public static class Console
    {
        public static extern void Write(string a);
        public static extern void WriteLine();
        public static extern void WriteLine(string a);
    }

    public static class Convert
    {
        public static extern bool ToBoolean(byte a);
        public static extern byte ToByte(bool a);
        public static extern byte ToByte(string a, int b = default);
        public static extern byte[] FromBase64CharArray(char[] a, int b, int c);
        public static extern byte[] FromBase64String(string a);
        public static extern char ToChar(ushort a);
        public static extern DateTime ToDateTime(string a);
        public static extern double ToDouble(string a);
        public static extern short ToInt16(string a, int b = default);
        public static extern int ToInt32(string a, int b = default);
        public static extern long ToInt64(string a, int b = default);
        public static extern sbyte ToSByte(string a, int b = default);
        public static extern float ToSingle(string a);
        public static extern string ToBase64String(byte[] a);
        public static extern string ToBase64String(byte[] a, Base64FormattingOptions b);
        public static extern string ToBase64String(byte[] a, int b, int c);
        public static extern string ToBase64String(byte[] a, int b, int c, Base64FormattingOptions d);
        public static extern ushort ToUInt16(string a, int b = default);
        public static extern uint ToUInt32(string a, int b = default);
        public static extern ulong ToUInt64(string a, int b = default);
    }

    public sealed class DBNull
    {
        public static readonly DBNull Value;
        internal extern DBNull();
    }

    public struct DateTime
    {
        private readonly int _value;
        public static readonly DateTime MaxValue;
        public static readonly DateTime MinValue;
        public static readonly DateTime UnixEpoch;
        public extern DateTime(int a, int b, int c);
        public extern DateTime(int a, int b, int c, int d, int e, int f);
        public extern DateTime(int a, int b, int c, int d, int e, int f, int g);
        public extern DateTime(long a);
        public extern DateTime(long a, DateTimeKind b);
        public extern DateTime Date { get; }
        public extern DateTimeKind Kind { get; }
        public extern DayOfWeek DayOfWeek { get; }
        public extern int Day { get; }
        public extern int DayOfYear { get; }
        public extern int Hour { get; }
        public extern int Millisecond { get; }
        public extern int Minute { get; }
        public extern int Month { get; }
        public extern int Second { get; }
        public extern int Year { get; }
        public extern long Ticks { get; }
        public extern TimeSpan TimeOfDay { get; }
        public static extern DateTime Today { get; }
        public static extern DateTime UtcNow { get; }
        public extern DateTime Add(TimeSpan a);
        public extern DateTime AddDays(double a);
        public extern DateTime AddHours(double a);
        public extern DateTime AddMilliseconds(double a);
        public extern DateTime AddMinutes(double a);
        public extern DateTime AddSeconds(double a);
        public extern DateTime AddTicks(long a);
        public extern DateTime Subtract(TimeSpan a);
        public extern int CompareTo(object a);
        public extern long ToUnixTimeSeconds();
        public extern string ToString(string a);
        public extern TimeSpan Subtract(DateTime a);
        public static extern bool Equals(DateTime a, DateTime b);
        public static extern bool TryParse(string a, out DateTime b);
        public static extern bool operator ==(DateTime a, DateTime b);
        public static extern bool operator >(DateTime a, DateTime b);
        public static extern bool operator >=(DateTime a, DateTime b);
        public static extern bool operator !=(DateTime a, DateTime b);
        public static extern bool operator <(DateTime a, DateTime b);
        public static extern bool operator <=(DateTime a, DateTime b);
        public static extern DateTime FromUnixTimeSeconds(long a);
        public static extern DateTime Parse(string a);
        public static extern DateTime operator +(DateTime a, TimeSpan b);
        public static extern DateTime operator -(DateTime a, TimeSpan b);
        public static extern int Compare(DateTime a, DateTime b);
        public static extern int DaysInMonth(int a, int b);
        public static extern TimeSpan operator -(DateTime a, DateTime b);
        public override extern bool Equals(object a);
        public override extern int GetHashCode();
        public override extern string ToString();
    }

    public enum DateTimeKind
    {
        Utc = 1,
        Local = 2,
    }

    public enum DayOfWeek
    {
        Sunday = 0,
        Monday = 1,
        Tuesday = 2,
        Wednesday = 3,
        Thursday = 4,
        Friday = 5,
        Saturday = 6,
    }

    public abstract class Delegate
    {
        protected extern Delegate();
        public extern object Target { get; }
        public extern MethodInfo Method { get; }
        public static extern bool operator ==(Delegate a, Delegate b);
        public static extern bool operator !=(Delegate a, Delegate b);
        public static extern Delegate Combine(Delegate a, Delegate b);
        public static extern Delegate Remove(Delegate a, Delegate b);
        public override extern bool Equals(object a);
        public virtual extern Delegate[] GetInvocationList();
    }

    public struct Double
    {
        private readonly double _value;
        public const double Epsilon = 4.9406564584124654E-324;
        public const double MaxValue = 1.7976931348623157E+308;
        public const double MinValue = -1.7976931348623157E+308;
        public const double NaN = 0.0 / 0.0;
        public const double NegativeInfinity = -1.0 / 0.0;
        public const double PositiveInfinity = 1.0 / 0.0;
        public extern int CompareTo(double a);
        public extern string ToString(string a);
        public static extern bool IsInfinity(double a);
        public static extern bool IsNaN(double a);
        public static extern bool IsNegativeInfinity(double a);
        public static extern bool IsPositiveInfinity(double a);
        public static extern bool TryParse(string a, out double b);
        public static extern double Parse(string a);
        public override extern string ToString();
    }

    public abstract class Enum : ValueType
    {
        protected extern Enum();
        public extern bool HasFlag(Enum a);
        public override extern string ToString();
    }

    public class EventArgs
    {
        public static readonly EventArgs Empty;
        public extern EventArgs();
    }

    public delegate void EventHandler(object a, EventArgs b);

    public class Exception
    {
        public int HResult;
        public extern Exception();
        public extern Exception(string a);
        public extern Exception(string a, Exception b);
        public extern Exception InnerException { get; }
        public virtual extern string Message { get; }
        public virtual extern string StackTrace { get; }
        public override extern string ToString();
    }

    [AttributeUsage(AttributeTargets.Enum)]
    public class FlagsAttribute : Attribute
    {
        public extern FlagsAttribute();
    }

    public class FormatException : SystemException
    {
        public extern FormatException();
        public extern FormatException(string a);
        public extern FormatException(string a, Exception b);
    }

    public static class GC
    {
        public static extern void ReRegisterForFinalize(object a);
        public static extern void SuppressFinalize(object a);
        public static extern void WaitForPendingFinalizers();
    }

    public struct Guid
    {
        private readonly int _value;
        public static readonly Guid Empty;
        public extern Guid(byte[] a);
        public extern Guid(int a, short b, short c, byte d, byte e, byte f, byte g, byte h, byte i, byte j, byte k);
        public extern Guid(string a);
        public extern Guid(uint a, ushort b, ushort c, byte d, byte e, byte f, byte g, byte h, byte i, byte j, byte k);
        public extern byte[] ToByteArray();
        public extern int CompareTo(object a);
        public static extern bool TryParseGuidWithDashes(string a, out Guid b);
        public static extern Guid NewGuid();
        public override extern bool Equals(object a);
        public override extern int GetHashCode();
        public override extern string ToString();
    }

    public interface IAsyncResult
    {
    }

    public interface ICloneable
    {
        object Clone();
    }

    public interface IComparable
    {
        int CompareTo(object a);
    }

    public interface ICustomFormatter
    {
        string Format(string a, object b, IFormatProvider c);
    }

    public interface IDisposable
    {
        void Dispose();
    }

    public interface IFormatProvider
    {
        object GetFormat(Type a);
    }

    public interface IFormattable
    {
        string ToString(string a, IFormatProvider b);
    }

    public class IndexOutOfRangeException : SystemException
    {
        public extern IndexOutOfRangeException();
        public extern IndexOutOfRangeException(string a);
        public extern IndexOutOfRangeException(string a, Exception b);
    }

    public struct Int16
    {
        private readonly short _value;
        public const short MaxValue = 32767;
        public const short MinValue = -32768;
        public extern string ToString(string a);
        public static extern bool TryParse(string a, out short b);
        public static extern short Parse(string a);
        public override extern string ToString();
    }

    public struct Int32
    {
        private readonly int _value;
        public const int MaxValue = 2147483647;
        public const int MinValue = -2147483648;
        public extern string ToString(string a);
        public static extern bool TryParse(string a, out int b);
        public static extern int Parse(string a);
        public override extern string ToString();
    }

    public struct Int64
    {
        private readonly long _value;
        public const long MaxValue = 9223372036854775807;
        public const long MinValue = -9223372036854775808;
        public extern string ToString(string a);
        public static extern bool TryParse(string a, out long b);
        public static extern long Parse(string a);
        public override extern string ToString();
    }

    public struct IntPtr
    {
        private readonly int _value;
    }

    public class InvalidCastException : SystemException
    {
        public extern InvalidCastException();
        public extern InvalidCastException(string a);
        public extern InvalidCastException(string a, Exception b);
    }

    public class InvalidOperationException : SystemException
    {
        public extern InvalidOperationException();
        public extern InvalidOperationException(string a);
        public extern InvalidOperationException(string a, Exception b);
    }

    [AttributeUsage(AttributeTargets.Method)]
    public sealed class MTAThreadAttribute : Attribute
    {
        public extern MTAThreadAttribute();
    }

    public abstract class MarshalByRefObject
    {
        protected extern MarshalByRefObject();
    }

    public abstract class MulticastDelegate : Delegate
    {
        protected extern MulticastDelegate();
        public static extern bool operator ==(MulticastDelegate a, MulticastDelegate b);
        public static extern bool operator !=(MulticastDelegate a, MulticastDelegate b);
        public override extern bool Equals(object a);
    }

    [AttributeUsage(AttributeTargets.Field)]
    public sealed class NonSerializedAttribute : Attribute
    {
        public extern NonSerializedAttribute();
    }

    public class NotImplementedException : SystemException
    {
        public extern NotImplementedException();
        public extern NotImplementedException(string a);
        public extern NotImplementedException(string a, Exception b);
    }

    public class NotSupportedException : SystemException
    {
        public extern NotSupportedException();
        public extern NotSupportedException(string a);
        public extern NotSupportedException(string a, Exception b);
    }

    public class NullReferenceException : SystemException
    {
        public extern NullReferenceException();
        public extern NullReferenceException(string a);
        public extern NullReferenceException(string a, Exception b);
    }

    public class Object
    {
        public extern Object();
        public extern Type GetType();
        protected extern object MemberwiseClone();
        public static extern bool Equals(object a, object b);
        public static extern bool ReferenceEquals(object a, object b);
        public virtual extern bool Equals(object a);
        public virtual extern int GetHashCode();
        public virtual extern string ToString();
    }

    public class ObjectDisposedException : SystemException
    {
        public extern ObjectDisposedException();
        public extern ObjectDisposedException(string a);
        public extern ObjectDisposedException(string a, Exception b);
    }

    [AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Constructor | AttributeTargets.Method | AttributeTargets.Property | AttributeTargets.Field | AttributeTargets.Event | AttributeTargets.Interface | AttributeTargets.Delegate, Inherited = false)]
    public sealed class ObsoleteAttribute : Attribute
    {
        public extern ObsoleteAttribute();
        public extern ObsoleteAttribute(string a);
        public extern ObsoleteAttribute(string a, bool b);
        public extern bool IsError { get; }
        public extern string Message { get; }
    }

    public class OutOfMemoryException : SystemException
    {
        public extern OutOfMemoryException();
        public extern OutOfMemoryException(string a);
        public extern OutOfMemoryException(string a, Exception b);
    }

    [AttributeUsage(AttributeTargets.Parameter)]
    public sealed class ParamArrayAttribute : Attribute
    {
        public extern ParamArrayAttribute();
    }

    public class PlatformNotSupportedException : NotSupportedException
    {
        public extern PlatformNotSupportedException();
    }

    public class Random
    {
        public extern Random();
        public extern Random(int a);
        public virtual extern double NextDouble();
        public virtual extern int Next();
        public virtual extern int Next(int a);
        public virtual extern void NextBytes(byte[] a);
    }

    public struct RuntimeArgumentHandle
    {
        private readonly int _value;
    }

    public struct RuntimeFieldHandle
    {
        private readonly int _value;
    }

    public struct RuntimeMethodHandle
    {
        private readonly int _value;
    }

    public struct RuntimeTypeHandle
    {
        private readonly int _value;
    }

    public struct SByte
    {
        private readonly sbyte _value;
        public const sbyte MaxValue = 127;
        public const sbyte MinValue = -128;
        public extern string ToString(string a);
        public static extern bool TryParse(string a, out sbyte b);
        public static extern sbyte Parse(string a);
        public override extern string ToString();
    }

    [AttributeUsage(AttributeTargets.Method)]
    public sealed class STAThreadAttribute : Attribute
    {
        public extern STAThreadAttribute();
    }

    [AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Delegate, Inherited = false)]
    public sealed class SerializableAttribute : Attribute
    {
        public extern SerializableAttribute();
    }

    public struct Single
    {
        private readonly float _value;
        public const float Epsilon = 1.4e-45f;
        public const float MaxValue = 3.40282346638528859e+38f;
        public const float MinValue = -3.40282346638528859e+38f;
        public const float NaN = 0.0f / 0.0f;
        public const float NegativeInfinity = -1.0f / 0.0f;
        public const float PositiveInfinity = 1.0f / 0.0f;
        public extern int CompareTo(float a);
        public extern string ToString(string a);
        public static extern bool IsInfinity(float a);
        public static extern bool IsNaN(float a);
        public static extern bool IsNegativeInfinity(float a);
        public static extern bool IsPositiveInfinity(float a);
        public static extern bool TryParse(string a, out float b);
        public static extern float Parse(string a);
        public override extern string ToString();
    }

    public readonly ref struct SpanByte
    {
        private readonly int _value;
        public extern SpanByte(byte[] a);
        public extern SpanByte(byte[] a, int b, int c);
        public extern bool IsEmpty { get; }
        public extern byte this[int a] { get; set; }
        public extern int Length { get; }
        public static extern SpanByte Empty { get; }
        public extern byte[] ToArray();
        public extern SpanByte Slice(int a);
        public extern SpanByte Slice(int a, int b);
        public extern void CopyTo(SpanByte a);
        public static extern implicit operator SpanByte(byte[] a);
    }

    public sealed class String : IEnumerable, IComparable
    {
        public static readonly string Empty;
        public extern String(char a, int b);
        public extern String(char[] a);
        public extern String(char[] a, int b, int c);
        [IndexerName("Chars")]
        public extern char this[int a] { get; }
        public extern int Length { get; }
        public extern bool Contains(string a);
        public extern bool EndsWith(string a);
        public extern bool StartsWith(string a);
        public extern char[] ToCharArray();
        public extern char[] ToCharArray(int a, int b);
        public extern IEnumerator GetEnumerator();
        public extern int CompareTo(object a);
        public extern int CompareTo(string a);
        public extern int IndexOf(char a);
        public extern int IndexOf(char a, int b);
        public extern int IndexOf(char a, int b, int c);
        public extern int IndexOf(string a);
        public extern int IndexOf(string a, int b);
        public extern int IndexOf(string a, int b, int c);
        public extern int IndexOfAny(char[] a);
        public extern int IndexOfAny(char[] a, int b);
        public extern int IndexOfAny(char[] a, int b, int c);
        public extern int LastIndexOf(char a);
        public extern int LastIndexOf(char a, int b);
        public extern int LastIndexOf(char a, int b, int c);
        public extern int LastIndexOf(string a);
        public extern int LastIndexOf(string a, int b);
        public extern int LastIndexOf(string a, int b, int c);
        public extern int LastIndexOfAny(char[] a);
        public extern int LastIndexOfAny(char[] a, int b);
        public extern int LastIndexOfAny(char[] a, int b, int c);
        public extern string PadLeft(int a, char b = default);
        public extern string PadRight(int a, char b = default);
        public extern string Substring(int a);
        public extern string Substring(int a, int b);
        public extern string ToLower();
        public extern string ToUpper();
        public extern string Trim();
        public extern string Trim(params char[] a);
        public extern string TrimEnd(params char[] a);
        public extern string TrimStart(params char[] a);
        public extern string[] Split(params char[] a);
        public extern string[] Split(char[] a, int b);
        public static extern bool Equals(string a, string b);
        public static extern bool IsNullOrEmpty(string a);
        public static extern bool operator ==(string a, string b);
        public static extern bool operator !=(string a, string b);
        public static extern int Compare(string a, string b);
        public static extern string Concat(object a);
        public static extern string Concat(object a, object b);
        public static extern string Concat(object a, object b, object c);
        public static extern string Concat(params object[] a);
        public static extern string Concat(string a, string b);
        public static extern string Concat(string a, string b, string c);
        public static extern string Concat(string a, string b, string c, string d);
        public static extern string Concat(params string[] a);
        public static extern string Format(string a, params object[] b);
        public static extern string Intern(string a);
        public static extern string IsInterned(string a);
        public override extern bool Equals(object a);
        public override extern string ToString();
    }

    public class SystemException : Exception
    {
        public extern SystemException();
        public extern SystemException(string a);
        public extern SystemException(string a, Exception b);
    }

    public struct TimeSpan
    {
        private readonly int _value;
        public const long TicksPerDay = 864000000000;
        public const long TicksPerHour = 36000000000;
        public const long TicksPerMillisecond = 10000;
        public const long TicksPerMinute = 600000000;
        public const long TicksPerSecond = 10000000;
        public static readonly TimeSpan MaxValue;
        public static readonly TimeSpan MinValue;
        public static readonly TimeSpan Zero;
        public extern TimeSpan(int a, int b, int c);
        public extern TimeSpan(int a, int b, int c, int d);
        public extern TimeSpan(int a, int b, int c, int d, int e);
        public extern TimeSpan(long a);
        public extern double TotalDays { get; }
        public extern double TotalHours { get; }
        public extern double TotalMilliseconds { get; }
        public extern double TotalMinutes { get; }
        public extern double TotalSeconds { get; }
        public extern int Days { get; }
        public extern int Hours { get; }
        public extern int Milliseconds { get; }
        public extern int Minutes { get; }
        public extern int Seconds { get; }
        public extern long Ticks { get; }
        public extern int CompareTo(object a);
        public extern TimeSpan Add(TimeSpan a);
        public extern TimeSpan Duration();
        public extern TimeSpan Negate();
        public extern TimeSpan Subtract(TimeSpan a);
        public static extern bool Equals(TimeSpan a, TimeSpan b);
        public static extern bool operator ==(TimeSpan a, TimeSpan b);
        public static extern bool operator >(TimeSpan a, TimeSpan b);
        public static extern bool operator >=(TimeSpan a, TimeSpan b);
        public static extern bool operator !=(TimeSpan a, TimeSpan b);
        public static extern bool operator <(TimeSpan a, TimeSpan b);
        public static extern bool operator <=(TimeSpan a, TimeSpan b);
        public static extern int Compare(TimeSpan a, TimeSpan b);
        public static extern TimeSpan FromDays(long a);
        public static extern TimeSpan FromHours(long a);
        public static extern TimeSpan FromMilliseconds(long a);
        public static extern TimeSpan FromMinutes(long a);
        public static extern TimeSpan FromSeconds(long a);
        public static extern TimeSpan FromTicks(long a);
        public static extern TimeSpan operator +(TimeSpan a, TimeSpan b);
        public static extern TimeSpan operator -(TimeSpan a, TimeSpan b);
        public static extern TimeSpan operator -(TimeSpan a);
        public static extern TimeSpan operator +(TimeSpan a);
        public override extern bool Equals(object a);
        public override extern int GetHashCode();
        public override extern string ToString();
    }

    public class TimeoutException : SystemException
    {
        public extern TimeoutException();
        public extern TimeoutException(string a);
        public extern TimeoutException(string a, Exception b);
    }

    public abstract class Type : MemberInfo, IReflect
    {
        protected extern Type();
        public extern bool IsAbstract { get; }
        public extern bool IsArray { get; }
        public extern bool IsClass { get; }
        public extern bool IsEnum { get; }
        public extern bool IsInterface { get; }
        public extern bool IsNotPublic { get; }
        public extern bool IsPublic { get; }
        public extern bool IsSerializable { get; }
        public extern bool IsValueType { get; }
        public abstract Assembly Assembly { get; }
        public abstract string AssemblyQualifiedName { get; }
        public abstract string FullName { get; }
        public abstract Type BaseType { get; }
        public override extern Type DeclaringType { get; }
        public extern object InvokeMember(string a, BindingFlags b, Binder c, object d, object[] e);
        public extern ConstructorInfo GetConstructor(Type[] a);
        public extern ConstructorInfo[] GetConstructors();
        public extern FieldInfo GetField(string a);
        public extern FieldInfo[] GetFields();
        public extern MethodInfo GetMethod(string a);
        public extern MethodInfo GetMethod(string a, BindingFlags b);
        public extern MethodInfo GetMethod(string a, Type[] b);
        public extern MethodInfo[] GetMethods();
        public abstract FieldInfo GetField(string a, BindingFlags b);
        public abstract FieldInfo[] GetFields(BindingFlags a);
        public abstract MethodInfo[] GetMethods(BindingFlags a);
        public abstract Type GetElementType();
        public abstract Type[] GetInterfaces();
        public static extern Type GetType(string a);
        public static extern Type GetTypeFromHandle(RuntimeTypeHandle a);
        public virtual extern bool IsInstanceOfType(object a);
        public virtual extern bool IsSubclassOf(Type a);
        public override extern string ToString();
    }

    public enum TypeCode
    {
        Empty = 0,
        Object = 1,
        DBNull = 2,
        Boolean = 3,
        Char = 4,
        SByte = 5,
        Byte = 6,
        Int16 = 7,
        UInt16 = 8,
        Int32 = 9,
        UInt32 = 10,
        Int64 = 11,
        UInt64 = 12,
        Single = 13,
        Double = 14,
        Decimal = 15,
        DateTime = 16,
        String = 18,
    }

    public struct TypedReference
    {
        private readonly int _value;
    }

    public struct UInt16
    {
        private readonly ushort _value;
        public const ushort MaxValue = 65535;
        public const ushort MinValue = 0;
        public extern string ToString(string a);
        public static extern bool TryParse(string a, out ushort b);
        public static extern ushort Parse(string a);
        public override extern string ToString();
    }

    public struct UInt32
    {
        private readonly uint _value;
        public const uint MaxValue = 4294967295;
        public const uint MinValue = 0;
        public extern string ToString(string a);
        public static extern bool TryParse(string a, out uint b);
        public static extern uint Parse(string a);
        public override extern string ToString();
    }

    public struct UInt64
    {
        private readonly ulong _value;
        public const ulong MaxValue = 18446744073709551615;
        public const ulong MinValue = 0;
        public extern string ToString(string a);
        public static extern bool TryParse(string a, out ulong b);
        public static extern ulong Parse(string a);
        public override extern string ToString();
    }

    public struct UIntPtr
    {
        private readonly int _value;
    }

    public abstract class ValueType
    {
        protected extern ValueType();
        public override extern bool Equals(object a);
    }

    public sealed class Version
    {
        public extern Version(int a, int b);
        public extern Version(int a, int b, int c, int d);
        public extern int Build { get; }
        public extern int Major { get; }
        public extern int Minor { get; }
        public extern int Revision { get; }
        public override extern bool Equals(object a);
        public override extern int GetHashCode();
        public override extern string ToString();
    }

    public struct Void
    {
    }

    public class WeakReference
    {
        public extern WeakReference(object a);
        public virtual extern bool IsAlive { get; }
        public virtual extern object Target { get; set; }
    }
}

namespace System.Collections
{
    public class ArrayList : ICollection, IEnumerable, IList, ICloneable
    {
        public extern ArrayList();
        public virtual extern bool IsFixedSize { get; }
        public virtual extern bool IsReadOnly { get; }
        public virtual extern bool IsSynchronized { get; }
        public virtual extern int Capacity { get; set; }
        public virtual extern int Count { get; }
        public virtual extern object this[int a] { get; set; }
        public virtual extern object SyncRoot { get; }
        public virtual extern Array ToArray(Type a);
        public virtual extern bool Contains(object a);
        public virtual extern IEnumerator GetEnumerator();
        public virtual extern int Add(object a);
        public virtual extern int BinarySearch(object a, IComparer b);
        public virtual extern int IndexOf(object a);
        public virtual extern int IndexOf(object a, int b);
        public virtual extern int IndexOf(object a, int b, int c);
        public virtual extern object Clone();
        public virtual extern object[] ToArray();
        public virtual extern void Clear();
        public virtual extern void CopyTo(Array a);
        public virtual extern void CopyTo(Array a, int b);
        public virtual extern void Insert(int a, object b);
        public virtual extern void Remove(object a);
        public virtual extern void RemoveAt(int a);
    }

    public interface ICollection : IEnumerable
    {
        bool IsSynchronized { get; }
        int Count { get; }
        object SyncRoot { get; }
        void CopyTo(Array a, int b);
    }

    public interface IComparer
    {
        int Compare(object a, object b);
    }

    public interface IEnumerable
    {
        IEnumerator GetEnumerator();
    }

    public interface IEnumerator
    {
        object Current { get; }
        bool MoveNext();
        void Reset();
    }

    public interface IEqualityComparer
    {
        bool Equals(object a, object b);
        int GetHashCode(object a);
    }

    public interface IList : ICollection, IEnumerable
    {
        bool IsFixedSize { get; }
        bool IsReadOnly { get; }
        object this[int a] { get; set; }
        bool Contains(object a);
        int Add(object a);
        int IndexOf(object a);
        void Clear();
        void Insert(int a, object b);
        void Remove(object a);
        void RemoveAt(int a);
    }
}

namespace System.ComponentModel
{
    [AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Constructor | AttributeTargets.Method | AttributeTargets.Property | AttributeTargets.Field | AttributeTargets.Event | AttributeTargets.Interface | AttributeTargets.Delegate)]
    public sealed class EditorBrowsableAttribute : Attribute
    {
        public extern EditorBrowsableAttribute();
        public extern EditorBrowsableAttribute(EditorBrowsableState a);
        public extern EditorBrowsableState State { get; }
        public override extern bool Equals(object a);
    }

    public enum EditorBrowsableState
    {
        Always = 0,
        Never = 1,
        Advanced = 2,
    }
}

namespace System.Diagnostics
{
    [AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
    public sealed class ConditionalAttribute : Attribute
    {
        public extern ConditionalAttribute(string a);
        public extern string ConditionString { get; }
    }

    public static class Debug
    {
        public static extern void Assert(bool a);
        public static extern void Assert(bool a, string b);
        public static extern void Assert(bool a, string b, string c);
        public static extern void Write(string a);
        public static extern void WriteLine();
        public static extern void WriteLine(string a);
    }

    [AttributeUsage(AttributeTargets.Assembly | AttributeTargets.Module)]
    public sealed class DebuggableAttribute : Attribute
    {
        public enum DebuggingModes
        {
            None = 0,
            Default = 1,
            IgnoreSymbolStoreSequencePoints = 2,
            EnableEditAndContinue = 4,
            DisableOptimizations = 256,
        }
        public extern DebuggableAttribute(bool a, bool b);
        public extern DebuggableAttribute(DebuggableAttribute.DebuggingModes a);
        public extern bool IsJITOptimizerDisabled { get; }
        public extern bool IsJITTrackingEnabled { get; }
        public extern DebuggableAttribute.DebuggingModes DebuggingFlags { get; }
    }

    public static class Debugger
    {
        public static extern bool IsAttached { get; }
        public static extern void Break();
    }

    [AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
    public sealed class DebuggerBrowsableAttribute : Attribute
    {
        public extern DebuggerBrowsableAttribute(DebuggerBrowsableState a);
        public extern DebuggerBrowsableState State { get; }
    }

    public enum DebuggerBrowsableState
    {
        Never = 0,
        Collapsed = 2,
        RootHidden = 3,
    }

    [AttributeUsage(AttributeTargets.Assembly | AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Property | AttributeTargets.Field | AttributeTargets.Delegate, AllowMultiple = true)]
    public sealed class DebuggerDisplayAttribute : Attribute
    {
        public extern DebuggerDisplayAttribute(string a);
        public extern string Name { get; set; }
        public extern string TargetTypeName { get; set; }
        public extern string Type { get; set; }
        public extern string Value { get; }
        public extern Type Target { get; set; }
    }

    [AttributeUsage(AttributeTargets.Constructor | AttributeTargets.Method | AttributeTargets.Property, Inherited = false)]
    public sealed class DebuggerHiddenAttribute : Attribute
    {
        public extern DebuggerHiddenAttribute();
    }

    [AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Constructor | AttributeTargets.Method | AttributeTargets.Property, Inherited = false)]
    public sealed class DebuggerNonUserCodeAttribute : Attribute
    {
        public extern DebuggerNonUserCodeAttribute();
    }

    [AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Constructor | AttributeTargets.Method, Inherited = false)]
    public sealed class DebuggerStepThroughAttribute : Attribute
    {
        public extern DebuggerStepThroughAttribute();
    }

    [AttributeUsage(AttributeTargets.Constructor | AttributeTargets.Method, Inherited = false)]
    public sealed class DebuggerStepperBoundaryAttribute : Attribute
    {
        public extern DebuggerStepperBoundaryAttribute();
    }

    [AttributeUsage(AttributeTargets.Assembly | AttributeTargets.Class | AttributeTargets.Struct, AllowMultiple = true)]
    public sealed class DebuggerTypeProxyAttribute : Attribute
    {
        public extern DebuggerTypeProxyAttribute(string a);
        public extern DebuggerTypeProxyAttribute(Type a);
        public extern string ProxyTypeName { get; }
        public extern string TargetTypeName { get; set; }
        public extern Type Target { get; set; }
    }

    [AttributeUsage(AttributeTargets.Constructor | AttributeTargets.Method, Inherited = false)]
    public sealed class NativeProfiledAttribute : Attribute
    {
        public extern NativeProfiledAttribute();
    }
}

namespace System.Diagnostics.CodeAnalysis
{
    [AttributeUsage(AttributeTargets.Property | AttributeTargets.Field | AttributeTargets.Parameter, Inherited = false)]
    public sealed class AllowNullAttribute : Attribute
    {
        public extern AllowNullAttribute();
    }

    [AttributeUsage(AttributeTargets.Property | AttributeTargets.Field | AttributeTargets.Parameter, Inherited = false)]
    public sealed class DisallowNullAttribute : Attribute
    {
        public extern DisallowNullAttribute();
    }

    [AttributeUsage(AttributeTargets.Method, Inherited = false)]
    public sealed class DoesNotReturnAttribute : Attribute
    {
        public extern DoesNotReturnAttribute();
    }

    [AttributeUsage(AttributeTargets.Parameter, Inherited = false)]
    public sealed class DoesNotReturnIfAttribute : Attribute
    {
        public extern DoesNotReturnIfAttribute(bool a);
        public extern bool ParameterValue { get; }
    }

    [AttributeUsage(AttributeTargets.Property | AttributeTargets.Field | AttributeTargets.Parameter | AttributeTargets.ReturnValue, Inherited = false)]
    public sealed class MaybeNullAttribute : Attribute
    {
        public extern MaybeNullAttribute();
    }

    [AttributeUsage(AttributeTargets.Parameter, Inherited = false)]
    public sealed class MaybeNullWhenAttribute : Attribute
    {
        public extern MaybeNullWhenAttribute(bool a);
        public extern bool ReturnValue { get; }
    }

    [AttributeUsage(AttributeTargets.Method | AttributeTargets.Property, Inherited = false, AllowMultiple = true)]
    public sealed class MemberNotNullAttribute : Attribute
    {
        public extern MemberNotNullAttribute(string a);
        public extern MemberNotNullAttribute(params string[] a);
        public extern string[] Members { get; }
    }

    [AttributeUsage(AttributeTargets.Method | AttributeTargets.Property, Inherited = false, AllowMultiple = true)]
    public sealed class MemberNotNullWhenAttribute : Attribute
    {
        public extern MemberNotNullWhenAttribute(bool a, string b);
        public extern MemberNotNullWhenAttribute(bool a, params string[] b);
        public extern bool ReturnValue { get; }
        public extern string[] Members { get; }
    }

    [AttributeUsage(AttributeTargets.Property | AttributeTargets.Field | AttributeTargets.Parameter | AttributeTargets.ReturnValue, Inherited = false)]
    public sealed class NotNullAttribute : Attribute
    {
        public extern NotNullAttribute();
    }

    [AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter | AttributeTargets.ReturnValue, AllowMultiple = true, Inherited = false)]
    public sealed class NotNullIfNotNullAttribute : Attribute
    {
        public extern NotNullIfNotNullAttribute(string a);
        public extern string ParameterName { get; }
    }

    public sealed class NotNullWhenAttribute : Attribute
    {
        public extern NotNullWhenAttribute(bool a);
        public extern bool ReturnValue { get; }
    }
}

namespace System.Globalization
{
    public class CultureInfo
    {
        public extern CultureInfo(string a);
        public virtual extern CultureInfo Parent { get; }
        public virtual extern DateTimeFormatInfo DateTimeFormat { get; }
        public virtual extern NumberFormatInfo NumberFormat { get; }
        public virtual extern string Name { get; }
        public static extern CultureInfo CurrentUICulture { get; }
        public override extern string ToString();
    }

    public sealed class DateTimeFormatInfo
    {
        internal extern DateTimeFormatInfo();
        public extern string AMDesignator { get; }
        public extern string DateSeparator { get; }
        public extern string FullDateTimePattern { get; }
        public extern string LongDatePattern { get; }
        public extern string LongTimePattern { get; }
        public extern string MonthDayPattern { get; }
        public extern string PMDesignator { get; }
        public extern string RFC1123Pattern { get; }
        public extern string ShortDatePattern { get; }
        public extern string ShortTimePattern { get; }
        public extern string SortableDateTimePattern { get; }
        public extern string TimeSeparator { get; }
        public extern string UniversalSortableDateTimePattern { get; }
        public extern string YearMonthPattern { get; }
        public extern string[] AbbreviatedDayNames { get; }
        public extern string[] AbbreviatedMonthNames { get; }
        public extern string[] DayNames { get; }
        public extern string[] MonthNames { get; }
        public static extern DateTimeFormatInfo CurrentInfo { get; }
    }

    public sealed class NumberFormatInfo
    {
        internal extern NumberFormatInfo();
        public extern int[] NumberGroupSizes { get; }
        public extern string NegativeSign { get; }
        public extern string NumberDecimalSeparator { get; }
        public extern string NumberGroupSeparator { get; }
        public extern string PositiveSign { get; }
        public static extern NumberFormatInfo CurrentInfo { get; }
    }
}

namespace System.IO
{
    public class IOException : SystemException
    {
        public enum IOExceptionErrorCode
        {
            Others = -536870912,
            InvalidDriver = -520093696,
            FileNotFound = -503316480,
            DirectoryNotFound = -486539264,
            VolumeNotFound = -469762048,
            PathTooLong = -452984832,
            DirectoryNotEmpty = -436207616,
            UnauthorizedAccess = -419430400,
            PathAlreadyExists = -402653184,
            TooManyOpenHandles = -385875968,
        }
        public extern IOException();
        public extern IOException(string a);
        public extern IOException(string a, Exception b);
        public extern IOException(string a, int b);
        public extern IOException.IOExceptionErrorCode ErrorCode { get; }
    }
}

namespace System.Reflection
{
    public class Assembly
    {
        public extern Assembly();
        public virtual extern string FullName { get; }
        public extern Assembly GetSatelliteAssembly(CultureInfo a);
        public extern AssemblyName GetName();
        public static extern Assembly GetAssembly(Type a);
        public static extern Assembly GetExecutingAssembly();
        public static extern Assembly Load(byte[] a);
        public static extern Assembly Load(string a);
        public virtual extern Type GetType(string a);
        public virtual extern Type GetType(string a, bool b);
        public virtual extern Type[] GetTypes();
    }

    [AttributeUsage(AttributeTargets.Assembly)]
    public sealed class AssemblyCompanyAttribute : Attribute
    {
        public extern AssemblyCompanyAttribute(string a);
        public extern string Company { get; }
    }

    [AttributeUsage(AttributeTargets.Assembly)]
    public sealed class AssemblyConfigurationAttribute : Attribute
    {
        public extern AssemblyConfigurationAttribute(string a);
        public extern string Configuration { get; }
    }

    [AttributeUsage(AttributeTargets.Assembly)]
    public sealed class AssemblyCopyrightAttribute : Attribute
    {
        public extern AssemblyCopyrightAttribute(string a);
        public extern string Copyright { get; }
    }

    [AttributeUsage(AttributeTargets.Assembly)]
    public sealed class AssemblyCultureAttribute : Attribute
    {
        public extern AssemblyCultureAttribute(string a);
        public extern string Culture { get; }
    }

    [AttributeUsage(AttributeTargets.Assembly)]
    public sealed class AssemblyDefaultAliasAttribute : Attribute
    {
        public extern AssemblyDefaultAliasAttribute(string a);
        public extern string DefaultAlias { get; }
    }

    [AttributeUsage(AttributeTargets.Assembly)]
    public sealed class AssemblyDelaySignAttribute : Attribute
    {
        public extern AssemblyDelaySignAttribute(bool a);
        public extern bool DelaySign { get; }
    }

    [AttributeUsage(AttributeTargets.Assembly)]
    public sealed class AssemblyDescriptionAttribute : Attribute
    {
        public extern AssemblyDescriptionAttribute(string a);
        public extern string Description { get; }
    }

    [AttributeUsage(AttributeTargets.Assembly)]
    public sealed class AssemblyFileVersionAttribute : Attribute
    {
        public extern AssemblyFileVersionAttribute(string a);
        public extern string Version { get; }
    }

    [AttributeUsage(AttributeTargets.Assembly)]
    public sealed class AssemblyFlagsAttribute : Attribute
    {
        public extern AssemblyFlagsAttribute(AssemblyNameFlags a);
        public extern AssemblyFlagsAttribute(uint a);
        public extern uint Flags { get; }
    }

    [AttributeUsage(AttributeTargets.Assembly)]
    public sealed class AssemblyInformationalVersionAttribute : Attribute
    {
        public extern AssemblyInformationalVersionAttribute(string a);
        public extern string InformationalVersion { get; }
    }

    [AttributeUsage(AttributeTargets.Assembly)]
    public sealed class AssemblyKeyFileAttribute : Attribute
    {
        public extern AssemblyKeyFileAttribute(string a);
        public extern string KeyFile { get; }
    }

    [AttributeUsage(AttributeTargets.Assembly)]
    public sealed class AssemblyKeyNameAttribute : Attribute
    {
        public extern AssemblyKeyNameAttribute(string a);
        public extern string KeyName { get; }
    }

    public sealed class AssemblyName
    {
        internal extern AssemblyName();
        public extern string FullName { get; }
        public extern string Name { get; }
        public extern Version Version { get; }
    }

    public enum AssemblyNameFlags
    {
        None = 0,
        PublicKey = 1,
        Retargetable = 256,
        EnableJITcompileOptimizer = 16384,
        EnableJITcompileTracking = 32768,
    }

    [AttributeUsage(AttributeTargets.Assembly | AttributeTargets.Class, Inherited = false)]
    public sealed class AssemblyNativeVersionAttribute : Attribute
    {
        public extern AssemblyNativeVersionAttribute(string a);
        public extern string NativeVersion { get; }
    }

    [AttributeUsage(AttributeTargets.Assembly)]
    public sealed class AssemblyProductAttribute : Attribute
    {
        public extern AssemblyProductAttribute(string a);
        public extern string Product { get; }
    }

    [AttributeUsage(AttributeTargets.Assembly)]
    public sealed class AssemblyTitleAttribute : Attribute
    {
        public extern AssemblyTitleAttribute(string a);
        public extern string Title { get; }
    }

    [AttributeUsage(AttributeTargets.Assembly)]
    public sealed class AssemblyTrademarkAttribute : Attribute
    {
        public extern AssemblyTrademarkAttribute(string a);
        public extern string Trademark { get; }
    }

    [AttributeUsage(AttributeTargets.Assembly)]
    public sealed class AssemblyVersionAttribute : Attribute
    {
        public extern AssemblyVersionAttribute(string a);
        public extern string Version { get; }
    }

    public abstract class Binder
    {
        protected extern Binder();
    }

    public enum BindingFlags
    {
        Default = 0,
        IgnoreCase = 1,
        DeclaredOnly = 2,
        Instance = 4,
        Static = 8,
        Public = 16,
        NonPublic = 32,
        FlattenHierarchy = 64,
        InvokeMethod = 256,
        CreateInstance = 512,
        GetField = 1024,
        SetField = 2048,
        GetProperty = 4096,
        SetProperty = 8192,
        PutDispProperty = 16384,
        PutRefDispProperty = 32768,
        ExactBinding = 65536,
        SuppressChangeType = 131072,
        OptionalParamBinding = 262144,
        IgnoreReturn = 16777216,
    }

    public abstract class ConstructorInfo : MethodBase
    {
        protected extern ConstructorInfo();
        public override extern MemberTypes MemberType { get; }
        public extern object Invoke(object[] a);
        public override extern object[] GetCustomAttributes(bool a);
    }

    [AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface)]
    public sealed class DefaultMemberAttribute : Attribute
    {
        public extern DefaultMemberAttribute(string a);
        public extern string MemberName { get; }
    }

    public abstract class FieldInfo : MemberInfo
    {
        protected extern FieldInfo();
        public override extern MemberTypes MemberType { get; }
        public abstract Type FieldType { get; }
        public abstract object GetValue(object a);
        public override extern object[] GetCustomAttributes(bool a);
        public virtual extern void SetValue(object a, object b);
    }

    public interface IReflect
    {
        FieldInfo GetField(string a, BindingFlags b);
        MethodInfo GetMethod(string a, BindingFlags b);
    }

    public abstract class MemberInfo
    {
        protected extern MemberInfo();
        public abstract MemberTypes MemberType { get; }
        public abstract string Name { get; }
        public abstract Type DeclaringType { get; }
        public abstract object[] GetCustomAttributes(bool a);
    }

    public enum MemberTypes
    {
        Constructor = 1,
        Event = 2,
        Field = 4,
        Method = 8,
        Property = 16,
        TypeInfo = 32,
        Custom = 64,
        NestedType = 128,
        All = 191,
    }

    public abstract class MethodBase : MemberInfo
    {
        protected extern MethodBase();
        public extern bool IsAbstract { get; }
        public extern bool IsFinal { get; }
        public extern bool IsPublic { get; }
        public extern bool IsStatic { get; }
        public extern bool IsVirtual { get; }
        public override extern string Name { get; }
        public override extern Type DeclaringType { get; }
        public extern object Invoke(object a, object[] b);
    }

    public enum MethodImplAttributes
    {
        IL = 0,
        Managed = 0,
        Native = 1,
        OPTIL = 2,
        CodeTypeMask = 3,
        Runtime = 3,
        ManagedMask = 4,
        Unmanaged = 4,
        NoInlining = 8,
        ForwardRef = 16,
        Synchronized = 32,
        PreserveSig = 128,
        InternalCall = 4096,
        MaxMethodImplVal = 65535,
    }

    public abstract class MethodInfo : MethodBase
    {
        protected extern MethodInfo();
        public override extern MemberTypes MemberType { get; }
        public abstract Type ReturnType { get; }
    }

    public abstract class ParameterInfo
    {
        protected extern ParameterInfo();
        public virtual extern Type ParameterType { get; }
    }

    public enum ProcessorArchitecture
    {
        None = 0,
        MSIL = 1,
        X86 = 2,
        IA64 = 3,
        Amd64 = 4,
    }

    public abstract class PropertyInfo : MemberInfo
    {
        protected extern PropertyInfo();
        public abstract Type PropertyType { get; }
        public virtual extern object GetValue(object a, object[] b);
        public virtual extern void SetValue(object a, object b, object[] c);
    }
}

namespace System.Runtime.CompilerServices
{
    [AttributeUsage(AttributeTargets.Field)]
    public sealed class AccessedThroughPropertyAttribute : Attribute
    {
        public extern AccessedThroughPropertyAttribute(string a);
        public extern string PropertyName { get; }
    }

    [AttributeUsage(AttributeTargets.Parameter, AllowMultiple = false, Inherited = false)]
    public sealed class CallerArgumentExpressionAttribute : Attribute
    {
        public extern CallerArgumentExpressionAttribute(string a);
        public extern string ParameterName { get; }
    }

    [AttributeUsage(AttributeTargets.Parameter, Inherited = false)]
    public sealed class CallerMemberNameAttribute : Attribute
    {
        public extern CallerMemberNameAttribute();
    }

    [AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum, AllowMultiple = false, Inherited = true)]
    public class ExcludeTypeAttribute : Attribute
    {
        public extern ExcludeTypeAttribute();
    }

    [AttributeUsage(AttributeTargets.Assembly | AttributeTargets.Class | AttributeTargets.Method)]
    public sealed class ExtensionAttribute : Attribute
    {
        public extern ExtensionAttribute();
    }

    [AttributeUsage(AttributeTargets.Property)]
    public sealed class IndexerNameAttribute : Attribute
    {
        public extern IndexerNameAttribute(string a);
    }

    [AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
    public sealed class InternalsVisibleToAttribute : Attribute
    {
        public extern InternalsVisibleToAttribute(string a);
        public extern string AssemblyName { get; }
    }

    public static class IsExternalInit
    {
    }

    public enum MethodCodeType
    {
        IL = 0,
        Native = 1,
        OPTIL = 2,
        Runtime = 3,
    }

    [AttributeUsage(AttributeTargets.Constructor | AttributeTargets.Method, Inherited = false)]
    public sealed class MethodImplAttribute : Attribute
    {
        public MethodCodeType MethodCodeType;
        public extern MethodImplAttribute();
        public extern MethodImplAttribute(short a);
        public extern MethodImplAttribute(MethodImplOptions a);
        public extern MethodImplOptions Value { get; }
    }

    public enum MethodImplOptions
    {
        Unmanaged = 4,
        NoInlining = 8,
        ForwardRef = 16,
        Synchronized = 32,
        PreserveSig = 128,
        InternalCall = 4096,
    }

    public static class RuntimeFeature
    {
        public const string DefaultImplementationsOfInterfaces = "DefaultImplementationsOfInterfaces";
        public static extern bool IsSupported(string a);
    }

    public static class RuntimeHelpers
    {
        public static extern int OffsetToStringData { get; }
        public static extern object GetObjectValue(object a);
        public static extern void InitializeArray(Array a, RuntimeFieldHandle b);
        public static extern void RunClassConstructor(RuntimeTypeHandle a);
    }
}

namespace System.Runtime.InteropServices
{
    public enum CharSet
    {
        None = 1,
        Ansi = 2,
        Unicode = 3,
        Auto = 4,
    }

    [AttributeUsage(AttributeTargets.Assembly | AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Method | AttributeTargets.Property | AttributeTargets.Field | AttributeTargets.Interface | AttributeTargets.Delegate, Inherited = false)]
    public sealed class ComVisibleAttribute : Attribute
    {
        public extern ComVisibleAttribute(bool a);
        public extern bool Value { get; }
    }

    [AttributeUsage(AttributeTargets.Assembly | AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Interface | AttributeTargets.Delegate, Inherited = false)]
    public sealed class GuidAttribute : Attribute
    {
        public extern GuidAttribute(string a);
        public extern string Value { get; }
    }

    public enum LayoutKind
    {
        Sequential = 0,
        Explicit = 2,
        Auto = 3,
    }

    [AttributeUsage(AttributeTargets.Parameter)]
    public sealed class OutAttribute : Attribute
    {
        public extern OutAttribute();
    }

    [AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct, Inherited = false)]
    public sealed class StructLayoutAttribute : Attribute
    {
        public int Pack;
        public int Size;
        public CharSet CharSet;
        public extern StructLayoutAttribute(short a);
        public extern StructLayoutAttribute(LayoutKind a);
        public extern LayoutKind Value { get; }
    }
}

namespace System.Runtime.Remoting
{
    public static class RemotingServices
    {
        public static extern bool IsTransparentProxy(object a);
    }
}

namespace System.Runtime.Versioning
{
    [AttributeUsage(AttributeTargets.Assembly)]
    public sealed class TargetFrameworkAttribute : Attribute
    {
        public extern TargetFrameworkAttribute(string a);
        public extern string FrameworkDisplayName { get; set; }
        public extern string FrameworkName { get; }
    }
}

namespace System.Threading
{
    public sealed class AutoResetEvent : WaitHandle
    {
        public extern AutoResetEvent(bool a);
        public extern bool Reset();
        public extern bool Set();
    }

    public static class Interlocked
    {
        public static extern int CompareExchange(ref int a, int b, int c);
        public static extern int Decrement(ref int a);
        public static extern int Exchange(ref int a, int b);
        public static extern int Increment(ref int a);
    }

    public sealed class ManualResetEvent : WaitHandle
    {
        public extern ManualResetEvent(bool a);
        public extern bool Reset();
        public extern bool Set();
    }

    public static class Monitor
    {
        public static extern void Enter(object a);
        public static extern void Exit(object a);
    }

    public struct SpinWait
    {
        private readonly int _value;
        public extern void SpinOnce();
        public static extern void SpinUntil(int a);
        public static extern void SpinUntil(TimeSpan a);
    }

    public sealed class Thread
    {
        public extern Thread(ThreadStart a);
        public extern bool IsAlive { get; }
        public extern int ManagedThreadId { get; }
        public extern ThreadPriority Priority { get; set; }
        public extern ThreadState ThreadState { get; }
        public static extern Thread CurrentThread { get; }
        public extern bool Join(int a);
        public extern bool Join(TimeSpan a);
        public extern void Abort();
        public extern void Join();
        public extern void Resume();
        public extern void Start();
        public extern void Suspend();
        public static extern void Sleep(int a);
        public static extern void Sleep(TimeSpan a);
        public static extern void SpinWait(int a);
    }

    public sealed class ThreadAbortException : SystemException
    {
        internal extern ThreadAbortException();
    }

    public enum ThreadPriority
    {
        Lowest = 0,
        BelowNormal = 1,
        Normal = 2,
        AboveNormal = 3,
        Highest = 4,
    }

    public delegate void ThreadStart();

    public enum ThreadState
    {
        Running = 0,
        StopRequested = 1,
        SuspendRequested = 2,
        Background = 4,
        Unstarted = 8,
        Stopped = 16,
        WaitSleepJoin = 32,
        Suspended = 64,
        AbortRequested = 128,
        Aborted = 256,
    }

    public static class Timeout
    {
        public const int Infinite = -1;
        public static readonly TimeSpan InfiniteTimeSpan;
    }

    public sealed class Timer : MarshalByRefObject, IDisposable
    {
        public extern Timer(TimerCallback a, object b, int c, int d);
        public extern Timer(TimerCallback a, object b, TimeSpan c, TimeSpan d);
        public extern bool Change(int a, int b);
        public extern bool Change(TimeSpan a, TimeSpan b);
        public extern void Dispose();
    }

    public delegate void TimerCallback(object a);

    public abstract class WaitHandle : MarshalByRefObject
    {
        public const int WaitTimeout = 0x102;
        protected extern WaitHandle();
        public static extern bool WaitAll(WaitHandle[] a);
        public static extern bool WaitAll(WaitHandle[] a, int b, bool c);
        public static extern int WaitAny(WaitHandle[] a);
        public static extern int WaitAny(WaitHandle[] a, int b, bool c);
        public virtual extern bool WaitOne();
        public virtual extern bool WaitOne(int a, bool b);
    }
}
