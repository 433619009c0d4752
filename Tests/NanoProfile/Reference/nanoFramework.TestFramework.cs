// nanoFramework.TestFramework.dll as a board has it: package nanoFramework.TestFramework.
// Declarations only, see README.md. Nothing may be added that nanoFramework does not have.

using System;
using System.Collections;
using nanoFramework.TestFramework;

namespace TestFrameworkShared
{
    public class AssertFailedException : Exception
    {
        public extern AssertFailedException();
        public extern AssertFailedException(string a);
        public extern AssertFailedException(string a, Exception b);
    }
}

namespace nanoFramework.TestFramework
{
    public sealed class Assert
    {
        public extern Assert();
        public static extern void AreEqual(bool a, bool b, string message = default);
        public static extern void AreEqual(byte a, byte b, string message = default);
        public static extern void AreEqual(char a, char b, string message = default);
        public static extern void AreEqual(DateTime a, DateTime b, string message = default);
        public static extern void AreEqual(double a, double b, string message = default);
        public static extern void AreEqual(short a, short b, string message = default);
        public static extern void AreEqual(int a, int b, string message = default);
        public static extern void AreEqual(long a, long b, string message = default);
        public static extern void AreEqual(object a, object b, string message = default);
        public static extern void AreEqual(sbyte a, sbyte b, string message = default);
        public static extern void AreEqual(float a, float b, string message = default);
        public static extern void AreEqual(string a, string b, string message = default);
        public static extern void AreEqual(ushort a, ushort b, string message = default);
        public static extern void AreEqual(uint a, uint b, string message = default);
        public static extern void AreEqual(ulong a, ulong b, string message = default);
        public static extern void AreNotEqual(bool a, bool b, string message = default);
        public static extern void AreNotEqual(byte a, byte b, string message = default);
        public static extern void AreNotEqual(char a, char b, string message = default);
        public static extern void AreNotEqual(DateTime a, DateTime b, string message = default);
        public static extern void AreNotEqual(double a, double b, string message = default);
        public static extern void AreNotEqual(short a, short b, string message = default);
        public static extern void AreNotEqual(int a, int b, string message = default);
        public static extern void AreNotEqual(long a, long b, string message = default);
        public static extern void AreNotEqual(object a, object b, string message = default);
        public static extern void AreNotEqual(sbyte a, sbyte b, string message = default);
        public static extern void AreNotEqual(float a, float b, string message = default);
        public static extern void AreNotEqual(string a, string b, string message = default);
        public static extern void AreNotEqual(ushort a, ushort b, string message = default);
        public static extern void AreNotEqual(uint a, uint b, string message = default);
        public static extern void AreNotEqual(ulong a, ulong b, string message = default);
        public static extern void AreNotSame(object a, object b, string message = default);
        public static extern void AreSame(object a, object b, string message = default);
        public static extern void Contains(string a, string b, string message = default);
        public static extern void DoesNotContains(string a, string b, string message = default);
        public static extern void Empty(ICollection a, string message = default);
        public static extern void EndsWith(string a, string b, string message = default);
        public static extern void Equal(Array a, Array b, string message = default);
        public static extern void Equal(bool a, bool b, string message = default);
        public static extern void Equal(byte a, byte b, string message = default);
        public static extern void Equal(char a, char b, string message = default);
        public static extern void Equal(DateTime a, DateTime b, string message = default);
        public static extern void Equal(double a, double b, string message = default);
        public static extern void Equal(short a, short b, string message = default);
        public static extern void Equal(int a, int b, string message = default);
        public static extern void Equal(long a, long b, string message = default);
        public static extern void Equal(sbyte a, sbyte b, string message = default);
        public static extern void Equal(float a, float b, string message = default);
        public static extern void Equal(string a, string b, string message = default);
        public static extern void Equal(ushort a, ushort b, string message = default);
        public static extern void Equal(uint a, uint b, string message = default);
        public static extern void Equal(ulong a, ulong b, string message = default);
        public static extern void False(bool a, string message = default);
        public static extern void IsFalse(bool a, string message = default);
        public static extern void IsInstanceOfType(object a, Type b, string message = default);
        public static extern void IsNotInstanceOfType(object a, Type b, string message = default);
        public static extern void IsNotNull(object a, string message = default);
        public static extern void IsNotType(Type a, object b, string message = default);
        public static extern void IsNull(object a, string message = default);
        public static extern void IsTrue(bool a, string message = default);
        public static extern void IsType(Type a, object b, string message = default);
        public static extern void NotEmpty(ICollection a, string message = default);
        public static extern void NotEqual(Array a, Array b, string message = default);
        public static extern void NotEqual(bool a, bool b, string message = default);
        public static extern void NotEqual(byte a, byte b, string message = default);
        public static extern void NotEqual(char a, char b, string message = default);
        public static extern void NotEqual(DateTime a, DateTime b, string message = default);
        public static extern void NotEqual(double a, double b, string message = default);
        public static extern void NotEqual(short a, short b, string message = default);
        public static extern void NotEqual(int a, int b, string message = default);
        public static extern void NotEqual(long a, long b, string message = default);
        public static extern void NotEqual(sbyte a, sbyte b, string message = default);
        public static extern void NotEqual(float a, float b, string message = default);
        public static extern void NotEqual(string a, string b, string message = default);
        public static extern void NotEqual(ushort a, ushort b, string message = default);
        public static extern void NotEqual(uint a, uint b, string message = default);
        public static extern void NotEqual(ulong a, ulong b, string message = default);
        public static extern void NotNull(object a, string message = default);
        public static extern void NotSame(object a, object b, string message = default);
        public static extern void Null(object a, string message = default);
        public static extern void Same(object a, object b, string message = default);
        public static extern void SkipTest(string message = default);
        public static extern void StartsWith(string a, string b, string message = default);
        public static extern void Throws(Type a, Action b, string message = default);
        public static extern void ThrowsException(Type a, Action b, string message = default);
        public static extern void True(bool a, string message = default);
    }

    [AttributeUsage(AttributeTargets.Method, AllowMultiple = false)]
    public class CleanupAttribute : Attribute
    {
        public extern CleanupAttribute();
    }

    public sealed class CollectionAssert
    {
        public extern CollectionAssert();
        public static extern void AreEqual(ICollection a, ICollection b, string message = default);
        public static extern void AreNotEqual(ICollection a, ICollection b, string message = default);
        public static extern void Empty(ICollection a, string message = default);
        public static extern void NotEmpty(ICollection a, string message = default);
    }

    [AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
    public class DataRowAttribute : Attribute
    {
        public extern DataRowAttribute(params object[] a);
        public extern object[] MethodParameters { get; }
    }

    public static class Helper
    {
        public static extern object[] RemoveTestMethodIfDataRowExists(object[] a);
    }

    public static class OutputHelper
    {
        public static extern void Write(string a);
        public static extern void WriteLine(string a);
    }

    [AttributeUsage(AttributeTargets.Method, AllowMultiple = false)]
    public class SetupAttribute : Attribute
    {
        public extern SetupAttribute();
    }

    public class SkipTestException : Exception
    {
        public extern SkipTestException(string a = default, Exception b = default);
    }

    [AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
    public class TestClassAttribute : Attribute
    {
        public extern TestClassAttribute();
        public virtual extern TestMethodAttribute GetTestMethodAttribute(TestMethodAttribute a);
    }

    public static class TestExtensions
    {
        public static extern bool SequenceEqual(Array a, Array b);
    }

    [AttributeUsage(AttributeTargets.Method, AllowMultiple = false)]
    public class TestMethodAttribute : Attribute
    {
        public extern TestMethodAttribute();
    }
}
