// System.Threading.dll as a board has it: package nanoFramework.System.Threading.
// Declarations only, see README.md. Nothing may be added that nanoFramework does not have.

using System;

namespace System.Threading
{
    public struct CancellationToken
    {
        private readonly int _value;
        public extern CancellationToken(bool a);
        public extern bool CanBeCanceled { get; }
        public extern bool IsCancellationRequested { get; }
        public extern WaitHandle WaitHandle { get; }
        public static extern CancellationToken None { get; }
        public extern bool Equals(CancellationToken a);
        public extern CancellationTokenRegistration Register(Action a);
        public extern void ThrowIfCancellationRequested();
        public override extern bool Equals(object a);
        public override extern int GetHashCode();
    }

    public struct CancellationTokenRegistration : IDisposable
    {
        private readonly int _value;
        public extern bool Equals(CancellationTokenRegistration a);
        public extern void Dispose();
        public static extern bool operator ==(CancellationTokenRegistration a, CancellationTokenRegistration b);
        public static extern bool operator !=(CancellationTokenRegistration a, CancellationTokenRegistration b);
        public override extern bool Equals(object a);
        public override extern int GetHashCode();
    }

    public class CancellationTokenSource : IDisposable
    {
        public extern CancellationTokenSource();
        public extern CancellationTokenSource(int a);
        public extern CancellationTokenSource(TimeSpan a);
        public extern bool IsCancellationRequested { get; }
        public extern CancellationToken Token { get; }
        public extern void Cancel();
        public extern void Cancel(bool a);
        public extern void CancelAfter(int a);
        public extern void CancelAfter(TimeSpan a);
        public extern void Dispose();
        protected virtual extern void Dispose(bool a);
    }

    public class OperationCanceledException : SystemException
    {
        public extern OperationCanceledException();
        public extern OperationCanceledException(string a);
        public extern OperationCanceledException(string a, Exception b);
    }
}
