namespace NanoSync.BareRun
{
    /// <summary>Which run this program is. A program for boards has no arguments: `budgets` compiles it with other values.</summary>
    public static class Scenario
    {
        public const string Name = "bare";
        public const int Port = 45831; // of the server on this machine
    }
}
