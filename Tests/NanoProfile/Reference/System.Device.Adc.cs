// System.Device.Adc.dll as a board has it: package nanoFramework.System.Device.Adc.
// Declarations only, see README.md. Nothing may be added that nanoFramework does not have.

using System;

namespace System.Device.Adc
{
    public class AdcChannel : AdcChannelBase, IDisposable
    {
        internal extern AdcChannel();
        public extern void Dispose();
        public override extern int ReadValue();
    }

    public abstract class AdcChannelBase
    {
        protected extern AdcChannelBase();
        public extern AdcController Controller { get; }
        public extern double ReadRatio();
        public abstract int ReadValue();
    }

    public enum AdcChannelMode
    {
        SingleEnded = 0,
        Differential = 1,
    }

    public class AdcController : AdcControllerBase
    {
        public extern AdcController();
        public extern AdcChannelMode ChannelMode { get; set; }
        public extern int ChannelCount { get; }
        public extern int MaxValue { get; }
        public extern int MinValue { get; }
        public extern int ResolutionInBits { get; }
        public override extern bool IsChannelModeSupported(AdcChannelMode a);
        public override extern AdcChannel OpenChannel(int a);
    }

    public abstract class AdcControllerBase
    {
        protected extern AdcControllerBase();
        public extern AdcChannelMode ChannelMode { get; set; }
        public extern int ChannelCount { get; }
        public extern int MaxValue { get; }
        public extern int MinValue { get; }
        public extern int ResolutionInBits { get; }
        public abstract bool IsChannelModeSupported(AdcChannelMode a);
        public abstract AdcChannel OpenChannel(int a);
    }
}
