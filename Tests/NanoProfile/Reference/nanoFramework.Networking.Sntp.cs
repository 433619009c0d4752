// nanoFramework.Networking.Sntp.dll as a board has it: package nanoFramework.Networking.Sntp.
// Declarations only, see README.md. Nothing may be added that nanoFramework does not have.

namespace nanoFramework.Networking
{
    public class Sntp
    {
        public extern Sntp();
        public static extern bool IsStarted { get; }
        public static extern string Server1 { get; set; }
        public static extern string Server2 { get; set; }
        public static extern void Start();
        public static extern void Stop();
        public static extern void UpdateNow();
    }
}
