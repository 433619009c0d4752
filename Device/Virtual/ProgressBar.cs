namespace NanoSync.Virtual;

/// <summary>One line that fills; where the output is no terminal, a line at every tenth.</summary>
internal sealed class ProgressBar(TextWriter output, int total)
{
    private const int Width = 30;
    private int _shownTenth = -1;
    private bool _open;

    public void Show(int done, string note)
    {
        int filled = total == 0 ? Width : (int)((long)done * Width / total);
        string line = $"[{new string('#', filled)}{new string('.', Width - filled)}] {done}/{total}  {note}";
        if (!Console.IsOutputRedirected)
        {
            output.Write("\r" + line.PadRight(79));
            _open = true;
        }
        else if (done * 10L / Math.Max(1, total) is var tenth && tenth != _shownTenth)
        {
            _shownTenth = (int)tenth;
            output.WriteLine(line);
        }
    }

    /// <summary>What is written next begins a new line.</summary>
    public void End()
    {
        if (_open)
        {
            output.WriteLine();
            _open = false;
        }
    }
}
