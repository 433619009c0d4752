// nanoFramework.Runtime.Native.dll as a board has it: package nanoFramework.Runtime.Native.
// Declarations only, see README.md. Nothing may be added that nanoFramework does not have.

using System;
using nanoFramework.Runtime.Native;

namespace System
{
    public static class Environment
    {
        public static extern long TickCount64 { get; }
    }
}

namespace nanoFramework.Runtime.Native
{
    public class ConstraintException : Exception
    {
        public extern ConstraintException();
    }

    public static class ExecutionConstraint
    {
        public static extern void Install(int a, int b);
    }

    public static class GC
    {
        public static extern uint Run(bool a);
        public static extern void EnableGCMessages(bool a);
    }

    public class Power
    {
        public extern Power();
        public static event RebootEventHandler OnRebootEvent;
        public static extern void RebootDevice(int a, RebootOption b = default);
        public static extern void RebootDevice(RebootOption a = default);
    }

    public delegate void RebootEventHandler();

    public enum RebootOption
    {
        NormalReboot = 0,
        EnterNanoBooter = 1,
        ClrOnly = 2,
        EnterProprietaryBooter = 8,
    }

    public static class Rtc
    {
        public static extern bool SetSystemTime(DateTime a);
    }

    public static class SystemInfo
    {
        public enum FloatingPoint
        {
            None = 0,
            SinglePrecisionSoftware = 1,
            SinglePrecisionHardware = 2,
            DoublePrecisionSoftware = 3,
            DoublePrecisionHardware = 4,
        }
        public static extern byte Model { get; }
        public static extern byte OEM { get; }
        public static extern string OEMString { get; }
        public static extern string Platform { get; }
        public static extern string TargetName { get; }
        public static extern ushort SKU { get; }
        public static extern Version Version { get; }
        public static extern SystemInfo.FloatingPoint FloatingPointSupport { get; }
    }
}
