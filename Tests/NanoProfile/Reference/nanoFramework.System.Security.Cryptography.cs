// nanoFramework.System.Security.Cryptography.dll as a board has it: package nanoFramework.System.Security.Cryptography.
// Declarations only, see README.md. Nothing may be added that nanoFramework does not have.

using System;

namespace System.Security.Cryptography
{
    public class Aes
    {
        public extern Aes(CipherMode a);
        public extern byte[] IV { get; set; }
        public extern byte[] Key { get; set; }
        public extern CipherMode Mode { get; set; }
        public extern byte[] Decrypt(byte[] a);
        public extern byte[] Encrypt(byte[] a);
        public extern void GenerateIV();
    }

    public enum CipherMode
    {
        None = 0,
        CBC = 1,
        ECB = 2,
    }

    public class HMACSHA256 : IDisposable
    {
        public extern HMACSHA256();
        public extern HMACSHA256(byte[] a);
        public extern byte[] Hash { get; }
        public extern byte[] Key { get; set; }
        public extern byte[] ComputeHash(byte[] a);
        public extern void Dispose();
        protected extern void Dispose(bool a);
        public static extern byte[] HashData(byte[] a, byte[] b);
    }

    public class HMACSHA512 : IDisposable
    {
        public extern HMACSHA512();
        public extern HMACSHA512(byte[] a);
        public extern byte[] Hash { get; }
        public extern byte[] Key { get; set; }
        public extern byte[] ComputeHash(byte[] a);
        public extern void Dispose();
        protected extern void Dispose(bool a);
        public static extern byte[] HashData(byte[] a, byte[] b);
    }
}
