// nanoFramework.Runtime.Events.dll as a board has it: package nanoFramework.Runtime.Events.
// Declarations only, see README.md. Nothing may be added that nanoFramework does not have.

using System;

namespace nanoFramework.Runtime.Events
{
    public class BaseEvent
    {
        public byte Message;
        public ushort Source;
        public extern BaseEvent();
    }

    public static class CustomEvent
    {
        public static event CustomEventPostedEventHandler CustomEventPosted;
    }

    public class CustomEventArgs : EventArgs
    {
        internal extern CustomEventArgs();
        public extern ushort Data1 { get; }
        public extern uint Data2 { get; }
    }

    public delegate void CustomEventPostedEventHandler(object a, CustomEventArgs b);

    public enum EventCategory
    {
        Unknown = 0,
        Custom = 10,
        Gpio = 20,
        SerialDevice = 30,
        Network = 40,
        WiFi = 50,
        Can = 60,
        Storage = 70,
        Radio = 80,
        HighResolutionTimer = 90,
        Bluetooth = 100,
        Usb = 110,
        Touch = 120,
        Gesture = 130,
        OpenThread = 140,
        EspNow = 150,
    }

    public class EventSink : NativeEventDispatcher
    {
        internal extern EventSink();
        public static extern void AddEventFilter(EventCategory a, IEventListener b);
        public static extern void AddEventListener(EventCategory a, IEventListener b);
        public static extern void AddEventProcessor(EventCategory a, IEventProcessor b);
        public static extern void PostManagedEvent(byte a, byte b, ushort c, uint d);
        public static extern void RemoveEventFilter(EventCategory a, IEventListener b);
        public static extern void RemoveEventListener(EventCategory a, IEventListener b);
        public static extern void RemoveEventProcessor(EventCategory a, IEventProcessor b);
    }

    public class GenericEvent : BaseEvent
    {
        public byte Category;
        public DateTime Time;
        public uint Data;
        public extern GenericEvent();
    }

    public interface IEventListener
    {
        bool OnEvent(BaseEvent a);
        void InitializeForEventSource();
    }

    public interface IEventProcessor
    {
        BaseEvent ProcessEvent(uint a, uint b, DateTime c);
    }

    public class NativeEventDispatcher : IDisposable
    {
        public extern NativeEventDispatcher(string a, ulong b);
        public event NativeEventHandler OnInterrupt;
        public extern void Dispose();
        protected virtual extern void Dispose(bool a);
        public virtual extern void DisableInterrupt();
        public virtual extern void EnableInterrupt();
    }

    public delegate void NativeEventHandler(uint a, uint b, DateTime c);

    public static class WeakDelegate
    {
        public static extern Delegate Combine(Delegate a, Delegate b);
        public static extern Delegate Remove(Delegate a, Delegate b);
    }
}
