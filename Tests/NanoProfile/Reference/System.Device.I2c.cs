// System.Device.I2c.dll as a board has it: package nanoFramework.System.Device.I2c.
// Declarations only, see README.md. Nothing may be added that nanoFramework does not have.

using System;

namespace System.Device.I2c
{
    public enum I2cBusSpeed
    {
        StandardMode = 0,
        FastMode = 1,
        FastModePlus = 2,
    }

    public sealed class I2cConnectionSettings
    {
        public extern I2cConnectionSettings(int a, int b);
        public extern I2cConnectionSettings(int a, int b, I2cBusSpeed c);
        public extern I2cBusSpeed BusSpeed { get; }
        public extern int BusId { get; }
        public extern int DeviceAddress { get; }
    }

    public class I2cDevice : IDisposable
    {
        public extern I2cDevice(I2cConnectionSettings a);
        public extern I2cConnectionSettings ConnectionSettings { get; }
        public extern byte ReadByte();
        public extern I2cTransferResult Read(SpanByte a);
        public extern I2cTransferResult Write(SpanByte a);
        public extern I2cTransferResult WriteByte(byte a);
        public extern I2cTransferResult WriteRead(SpanByte a, SpanByte b);
        public extern void Dispose();
        public static extern I2cDevice Create(I2cConnectionSettings a);
    }

    public struct I2cTransferResult
    {
        private readonly int _value;
        public extern I2cTransferStatus Status { get; }
        public extern uint BytesTransferred { get; }
    }

    public enum I2cTransferStatus
    {
        UnknownError = 0,
        FullTransfer = 1,
        ClockStretchTimeout = 2,
        PartialTransfer = 3,
        SlaveAddressNotAcknowledged = 4,
    }
}
