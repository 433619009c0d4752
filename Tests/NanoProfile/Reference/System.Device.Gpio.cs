// System.Device.Gpio.dll as a board has it: package nanoFramework.System.Device.Gpio.
// Declarations only, see README.md. Nothing may be added that nanoFramework does not have.

using System;
using nanoFramework.Runtime.Events;

namespace System.Device.Gpio
{
    public sealed class GpioController : IDisposable
    {
        public extern GpioController();
        public extern GpioController(PinNumberingScheme a);
        public extern PinNumberingScheme NumberingScheme { get; }
        public extern int PinCount { get; }
        public extern bool IsPinModeSupported(int a, PinMode b);
        public extern bool IsPinOpen(int a);
        public extern GpioPin OpenPin(int a);
        public extern GpioPin OpenPin(int a, PinMode b);
        public extern PinMode GetPinMode(int a);
        public extern PinValue Read(int a);
        public extern void ClosePin(int a);
        public extern void Dispose();
        public extern void RegisterCallbackForPinValueChangedEvent(int a, PinEventTypes b, PinChangeEventHandler c);
        public extern void SetPinMode(int a, PinMode b);
        public extern void UnregisterCallbackForPinValueChangedEvent(int a, PinChangeEventHandler b);
        public extern void Write(int a, PinValue b);
    }

    public sealed class GpioPin : IDisposable
    {
        internal extern GpioPin();
        public extern int PinNumber { get; }
        public extern TimeSpan DebounceTimeout { get; set; }
        public event PinValueChangedEventHandler ValueChanged;
        public extern bool IsPinModeSupported(PinMode a);
        public extern PinMode GetPinMode();
        public extern PinValue Read();
        public extern void Dispose();
        public extern void SetPinMode(PinMode a);
        public extern void Toggle();
        public extern void Write(PinValue a);
    }

    public delegate void PinChangeEventHandler(object a, PinValueChangedEventArgs b);

    public enum PinEventTypes
    {
        None = 0,
        Rising = 1,
        Falling = 2,
    }

    public enum PinMode
    {
        Input = 0,
        InputPullDown = 1,
        InputPullUp = 2,
        Output = 3,
        OutputOpenDrain = 4,
        OutputOpenDrainPullUp = 5,
        OutputOpenSource = 6,
        OutputOpenSourcePullDown = 7,
    }

    public enum PinNumberingScheme
    {
        Logical = 0,
        Board = 1,
    }

    public readonly struct PinValue
    {
        private readonly int _value;
        public static extern PinValue High { get; }
        public static extern PinValue Low { get; }
        public extern bool Equals(PinValue a);
        public static extern bool operator ==(PinValue a, PinValue b);
        public static extern explicit operator bool(PinValue a);
        public static extern bool operator !=(PinValue a, PinValue b);
        public static extern explicit operator byte(PinValue a);
        public static extern implicit operator PinValue(bool a);
        public static extern implicit operator PinValue(int a);
        public static extern explicit operator int(PinValue a);
        public override extern bool Equals(object a);
        public override extern int GetHashCode();
        public override extern string ToString();
    }

    public class PinValueChangedEventArgs : BaseEvent
    {
        public extern PinValueChangedEventArgs(PinEventTypes a, int b);
        public extern PinEventTypes ChangeType { get; }
        public extern int PinNumber { get; }
    }

    public delegate void PinValueChangedEventHandler(object a, PinValueChangedEventArgs b);

    public readonly struct PinValuePair
    {
        private readonly int _value;
        public extern PinValuePair(int a, PinValue b);
        public extern PinValue PinValue { get; }
        public extern int PinNumber { get; }
        public extern void Deconstruct(out int a, out PinValue b);
    }

    public struct WaitForEventResult
    {
        private readonly int _value;
        public bool TimedOut;
        public PinEventTypes EventTypes;
    }
}
