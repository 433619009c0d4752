// System.IO.Streams.dll as a board has it: package nanoFramework.System.IO.Streams.
// Declarations only, see README.md. Nothing may be added that nanoFramework does not have.

using System;
using System.Text;

namespace System.IO
{
    public class MemoryStream : Stream
    {
        public extern MemoryStream();
        public extern MemoryStream(byte[] a);
        public extern MemoryStream(byte[] a, bool b);
        public override extern bool CanRead { get; }
        public override extern bool CanSeek { get; }
        public override extern bool CanWrite { get; }
        public override extern long Length { get; }
        public override extern long Position { get; set; }
        protected override extern void Dispose(bool a);
        public virtual extern byte[] GetBuffer();
        public virtual extern byte[] ToArray();
        public override extern int Read(byte[] a, int b, int c);
        public override extern int Read(SpanByte a);
        public override extern int ReadByte();
        public override extern long Seek(long a, SeekOrigin b);
        public override extern void Flush();
        public override extern void SetLength(long a);
        public override extern void Write(byte[] a, int b, int c);
        public override extern void WriteByte(byte a);
        public virtual extern void WriteTo(Stream a);
    }

    public enum SeekOrigin
    {
        Begin = 0,
        Current = 1,
        End = 2,
    }

    public abstract class Stream : MarshalByRefObject, IDisposable
    {
        protected extern Stream();
        public abstract bool CanRead { get; }
        public abstract bool CanSeek { get; }
        public virtual extern bool CanTimeout { get; }
        public abstract bool CanWrite { get; }
        public virtual extern int ReadTimeout { get; set; }
        public virtual extern int WriteTimeout { get; set; }
        public abstract long Length { get; }
        public abstract long Position { get; set; }
        public extern void CopyTo(Stream a);
        public extern void Dispose();
        public abstract int Read(byte[] a, int b, int c);
        public abstract int Read(SpanByte a);
        public abstract long Seek(long a, SeekOrigin b);
        public abstract void Flush();
        public abstract void SetLength(long a);
        public abstract void Write(byte[] a, int b, int c);
        protected virtual extern void Dispose(bool a);
        public virtual extern int ReadByte();
        public virtual extern void Close();
        public virtual extern void WriteByte(byte a);
    }

    public class StreamReader : TextReader
    {
        public extern StreamReader(Stream a, bool b = default);
        public extern bool EndOfStream { get; }
        public virtual extern Stream BaseStream { get; }
        public virtual extern Encoding CurrentEncoding { get; }
        protected override extern void Dispose(bool a);
        public override extern int Peek();
        public override extern int Read();
        public override extern int Read(char[] a, int b, int c);
        public override extern string ReadLine();
        public override extern string ReadToEnd();
        public override extern void Close();
    }

    public class StreamWriter : TextWriter
    {
        public extern StreamWriter(Stream a, bool b = default);
        public virtual extern Stream BaseStream { get; }
        public override extern string NewLine { get; set; }
        public override extern Encoding Encoding { get; }
        protected override extern void Dispose(bool a);
        public override extern void Close();
        public override extern void Flush();
        public override extern void Write(char a);
        public override extern void Write(string a);
        public override extern void WriteLine();
        public override extern void WriteLine(string a);
    }

    public abstract class TextReader : MarshalByRefObject, IDisposable
    {
        protected extern TextReader();
        public extern void Dispose();
        protected virtual extern void Dispose(bool a);
        public virtual extern int Peek();
        public virtual extern int Read();
        public virtual extern int Read(char[] a, int b, int c);
        public virtual extern int ReadBlock(char[] a, int b, int c);
        public virtual extern string ReadLine();
        public virtual extern string ReadToEnd();
        public virtual extern void Close();
    }

    public abstract class TextWriter : MarshalByRefObject, IDisposable
    {
        public char[] CoreNewLine;
        protected extern TextWriter();
        public virtual extern string NewLine { get; set; }
        public abstract Encoding Encoding { get; }
        public extern void Dispose();
        protected virtual extern void Dispose(bool a);
        public virtual extern void Close();
        public virtual extern void Flush();
        public virtual extern void Write(bool a);
        public virtual extern void Write(char a);
        public virtual extern void Write(char[] a);
        public virtual extern void Write(char[] a, int b, int c);
        public virtual extern void Write(double a);
        public virtual extern void Write(int a);
        public virtual extern void Write(long a);
        public virtual extern void Write(object a);
        public virtual extern void Write(float a);
        public virtual extern void Write(string a);
        public virtual extern void Write(uint a);
        public virtual extern void Write(ulong a);
        public virtual extern void WriteLine();
        public virtual extern void WriteLine(bool a);
        public virtual extern void WriteLine(char a);
        public virtual extern void WriteLine(char[] a);
        public virtual extern void WriteLine(char[] a, int b, int c);
        public virtual extern void WriteLine(double a);
        public virtual extern void WriteLine(int a);
        public virtual extern void WriteLine(long a);
        public virtual extern void WriteLine(object a);
        public virtual extern void WriteLine(float a);
        public virtual extern void WriteLine(string a);
        public virtual extern void WriteLine(uint a);
        public virtual extern void WriteLine(ulong a);
    }
}
