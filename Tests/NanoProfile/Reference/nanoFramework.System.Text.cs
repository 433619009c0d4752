// nanoFramework.System.Text.dll as a board has it: package nanoFramework.System.Text.
// Declarations only, see README.md. Nothing may be added that nanoFramework does not have.

namespace System.Text
{
    public abstract class Decoder
    {
        protected extern Decoder();
        public abstract void Convert(byte[] a, int b, int c, char[] d, int e, int f, bool g, out int h, out int i, out bool j);
    }

    public abstract class Encoding
    {
        protected extern Encoding();
        public static extern Encoding UTF8 { get; }
        public abstract Decoder GetDecoder();
        public virtual extern byte[] GetBytes(string a);
        public virtual extern char[] GetChars(byte[] a);
        public virtual extern char[] GetChars(byte[] a, int b, int c);
        public virtual extern int GetBytes(string a, int b, int c, byte[] d, int e);
        public virtual extern string GetString(byte[] a, int b, int c);
    }

    public sealed class StringBuilder
    {
        public extern StringBuilder();
        public extern StringBuilder(int a);
        public extern StringBuilder(int a, int b);
        public extern StringBuilder(string a);
        public extern StringBuilder(string a, int b);
        public extern StringBuilder(string a, int b, int c, int d);
        public extern char this[int a] { get; set; }
        public extern int Capacity { get; set; }
        public extern int Length { get; set; }
        public extern int MaxCapacity { get; }
        public extern string ToString(int a, int b);
        public extern StringBuilder Append(bool a);
        public extern StringBuilder Append(byte a);
        public extern StringBuilder Append(char a);
        public extern StringBuilder Append(char a, int b);
        public extern StringBuilder Append(char[] a);
        public extern StringBuilder Append(char[] a, int b, int c);
        public extern StringBuilder Append(double a);
        public extern StringBuilder Append(short a);
        public extern StringBuilder Append(int a);
        public extern StringBuilder Append(long a);
        public extern StringBuilder Append(object a);
        public extern StringBuilder Append(sbyte a);
        public extern StringBuilder Append(float a);
        public extern StringBuilder Append(string a);
        public extern StringBuilder Append(string a, int b, int c);
        public extern StringBuilder Append(ushort a);
        public extern StringBuilder Append(uint a);
        public extern StringBuilder Append(ulong a);
        public extern StringBuilder AppendLine();
        public extern StringBuilder AppendLine(string a);
        public extern StringBuilder Clear();
        public extern StringBuilder Insert(int a, char[] b, int c, int d);
        public extern StringBuilder Insert(int a, string b, int c);
        public extern StringBuilder Remove(int a, int b);
        public extern StringBuilder Replace(char a, char b);
        public extern StringBuilder Replace(char a, char b, int c, int d);
        public extern StringBuilder Replace(string a, string b);
        public extern StringBuilder Replace(string a, string b, int c, int d);
        public override extern string ToString();
    }

    public class UTF8Encoding : Encoding
    {
        public extern UTF8Encoding();
        public override extern byte[] GetBytes(string a);
        public override extern char[] GetChars(byte[] a);
        public override extern char[] GetChars(byte[] a, int b, int c);
        public override extern int GetBytes(string a, int b, int c, byte[] d, int e);
        public override extern Decoder GetDecoder();
    }
}
