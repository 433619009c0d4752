// One thread that does one piece of work after another, while its caller goes on. The thread is made once: a
// thread for each round would be garbage for each round. On a board about 850 bytes of heap, and the frames that the round
// would have anyway.

using System.Threading;

namespace NanoSync.Firmware
{
    /// <summary>Runs work beside its caller.</summary>
    public sealed class Worker
    {
        private readonly AutoResetEvent _workReady = new AutoResetEvent(false);
        private readonly AutoResetEvent _ended = new AutoResetEvent(false);
        private ThreadStart _work;
        private Thread _thread;

        /// <summary>Begins work and returns. The last one has to have ended; it must not throw.</summary>
        public void Begin(ThreadStart work)
        {
            _work = work;
            if (_thread == null)
            {
                _thread = new Thread(Run);
                _thread.Start();
            }

            _workReady.Set();
        }

        /// <summary>Waits for the end of the work, at most so many milliseconds; true when it has ended.</summary>
        public bool Wait(int milliseconds)
        {
            return _ended.WaitOne(milliseconds, false);
        }

        private void Run()
        {
            while (true)
            {
                _workReady.WaitOne();
                _work();
                _ended.Set();
            }
        }
    }
}
