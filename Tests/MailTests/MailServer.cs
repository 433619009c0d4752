// A real mail server for the tests: exim takes and delivers, dovecot gives out, both on the loopback address on free ports,
// over a temporary folder with configuration of their own. Nothing is relayed: every domain but one is refused, and there is
// no transport that speaks to other hosts.

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Search;
using MailKit.Security;
using MimeKit;

namespace NanoSync.MailTests;

internal sealed class MailServer : IDisposable
{
    public const string Domain = "nanosync.example";
    public const string Password = "secret";

    /// <summary>A user for whom the relay takes nothing now: 451.</summary>
    public const string Later = "later";

    private static readonly string[] s_users = ["server", "field-1", "field-2", "person"];
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly List<Process> _processes = [];
    private readonly string _folder;
    private Process? _smtp;

    public MailServer()
    {
        _folder = Directory.CreateTempSubdirectory("nsm").FullName; // short: paths of sockets have at most 108 bytes
        string owner = Environment.UserName == "root" ? "Debian-exim" : Environment.UserName;
        (SmtpPort, ImapPort, ImapsPort, Pop3Port) = (FreePort(), FreePort(), FreePort(), FreePort());
        foreach (string folder in (string[])["spool", "boxes", "run"])
        {
            Directory.CreateDirectory(Path.Combine(_folder, folder));
        }

        File.WriteAllLines(Path.Combine(_folder, "users"), s_users.Select(u => u + ": " + u));
        WriteCertificate();
        File.WriteAllText(Path.Combine(_folder, "exim.conf"), Exim(owner));
        File.WriteAllText(Path.Combine(_folder, "dovecot.conf"), Dovecot(owner));
        if (owner != Environment.UserName)
        {
            Run("chmod", "755", _folder);
            Run("chown", "-R", owner + ":", Path.Combine(_folder, "spool"), Path.Combine(_folder, "boxes"));
        }

        try
        {
            StartSmtp();
            Start("/usr/sbin/dovecot", "-F", "-c", Path.Combine(_folder, "dovecot.conf"));
            foreach (int port in (int[])[ImapPort, ImapsPort, Pop3Port])
            {
                WaitUntilListening(port);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public int SmtpPort { get; }

    public int ImapPort { get; }

    public int ImapsPort { get; }

    public int Pop3Port { get; }

    public string Authority => Path.Combine(_folder, "cert.pem");

    public static string Address(string user) => user + "@" + Domain;

    /// <summary>Hands a mail in.</summary>
    public void Send(MimeMessage mail)
    {
        using MailKit.Net.Smtp.SmtpClient smtp = new();
        smtp.Connect("127.0.0.1", SmtpPort, SecureSocketOptions.None);
        smtp.Send(mail);
        smtp.Disconnect(true);
    }

    /// <summary>Ends the program that takes mails; what it has taken stays.</summary>
    public void EndSmtp()
    {
        Process smtp = _smtp!;
        _processes.Remove(smtp);
        smtp.Kill(entireProcessTree: true);
        smtp.WaitForExit();
        smtp.Dispose();
    }

    /// <summary>Starts it, and waits until it listens.</summary>
    public void StartSmtp()
    {
        _smtp = Start("/usr/sbin/exim4", "-bdf", "-C", Path.Combine(_folder, "exim.conf"));
        WaitUntilListening(SmtpPort);
    }

    /// <summary>The mails of a folder, in the order of their arrival.</summary>
    public List<MimeMessage> Mails(string user, string folder = "INBOX")
    {
        using ImapClient imap = Open(user);
        IMailFolder opened;
        try
        {
            opened = imap.GetFolder(folder);
        }
        catch (FolderNotFoundException)
        {
            return [];
        }

        opened.Open(FolderAccess.ReadOnly);
        return [.. opened.Search(SearchQuery.All).Order().Select(uid => opened.GetMessage(uid))];
    }

    /// <summary>Waits until a mailbox has so many mails; the server tells when.</summary>
    public void WaitFor(string user, int count, string folder = "INBOX")
    {
        using ImapClient imap = Open(user);
        IMailFolder opened = imap.GetFolder(folder);
        opened.Open(FolderAccess.ReadOnly);
        using CancellationTokenSource patience = new(s_patience);
        while (opened.Count < count)
        {
            using CancellationTokenSource done = CancellationTokenSource.CreateLinkedTokenSource(patience.Token);
            void Changed(object? sender, EventArgs e) => done.Cancel();
            opened.CountChanged += Changed;
            imap.Idle(done.Token);
            opened.CountChanged -= Changed;
            Assert.IsFalse(patience.IsCancellationRequested, $"{user} has {opened.Count} mails, not {count}.\n{Logs()}");
        }
    }

    public ImapClient Open(string user)
    {
        ImapClient imap = new();
        imap.Connect("127.0.0.1", ImapPort, SecureSocketOptions.None);
        imap.Authenticate(user, Password);
        return imap;
    }

    public string Logs()
    {
        return string.Join('\n', Directory.GetFiles(Path.Combine(_folder, "boxes"), "*", SearchOption.AllDirectories)) + '\n' + string.Join('\n', Directory.GetFiles(_folder, "*.log", SearchOption.AllDirectories).Select(f => f + "\n" + File.ReadAllText(f)));
    }

    public void Dispose()
    {
        foreach (Process process in _processes)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
        }

        Directory.Delete(_folder, true);
    }

    private string Exim(string owner) => $"""
        primary_hostname = mail.{Domain}
        spool_directory = {_folder}/spool
        log_file_path = {_folder}/spool/%s.log
        pid_file_path = {_folder}/run/exim.pid
        local_interfaces = 127.0.0.1
        daemon_smtp_ports = {SmtpPort}
        tls_advertise_hosts =
        host_lookup =
        rfc1413_query_timeout = 0s
        keep_environment =
        message_size_limit = 20M
        smtp_accept_max_per_connection = 1000
        smtp_accept_queue_per_connection = 1000
        acl_smtp_rcpt = rcpt
        begin acl
        rcpt:
          defer local_parts = later
                message = try again later
          accept domains = {Domain}
          deny
        begin routers
        local:
          driver = accept
          domains = {Domain}
          local_parts = lsearch;{_folder}/users
          transport = box
        begin transports
        box:
          driver = appendfile
          directory = {_folder}/boxes/$local_part_data
          maildir_format
          create_directory
          return_path_add
          {(owner == Environment.UserName ? "" : "user = " + owner)}

        """;

    private string Dovecot(string owner) => $$"""
        base_dir = {{_folder}}/run
        state_dir = {{_folder}}/run
        log_path = {{_folder}}/dovecot.log
        protocols = imap pop3
        listen = 127.0.0.1
        ssl = yes
        ssl_cert = <{{_folder}}/cert.pem
        ssl_key = <{{_folder}}/key.pem
        disable_plaintext_auth = no
        default_internal_user = {{(Environment.UserName == "root" ? "dovecot" : Environment.UserName)}}
        default_login_user = {{(Environment.UserName == "root" ? "dovenull" : Environment.UserName)}}
        first_valid_uid = 1
        mail_location = maildir:{{_folder}}/boxes/%u
        passdb {
          driver = static
          args = password={{Password}}
        }
        userdb {
          driver = static
          args = uid={{owner}} gid={{owner}} home={{_folder}}/boxes/%u
        }
        service imap-login {
          chroot =
          inet_listener imap {
            port = {{ImapPort}}
          }
          inet_listener imaps {
            port = {{ImapsPort}}
            ssl = yes
          }
        }
        service pop3-login {
          chroot =
          inet_listener pop3 {
            port = {{Pop3Port}}
          }
          inet_listener pop3s {
            port = 0
          }
        }
        service anvil {
          chroot =
        }

        """;

    private void WriteCertificate()
    {
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new("CN=mail." + Domain, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(7));
        File.WriteAllText(Path.Combine(_folder, "cert.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_folder, "key.pem"), key.ExportPkcs8PrivateKeyPem());
    }

    private Process Start(string program, params string[] arguments)
    {
        Assert.IsTrue(File.Exists(program), program + " is missing: test.sh installs it.");
        Process process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false })!;
        _processes.Add(process);
        return process;
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, program);
    }

    private void WaitUntilListening(int port)
    {
        long end = Environment.TickCount64 + (long)s_patience.TotalMilliseconds;
        while (true)
        {
            Assert.IsFalse(_processes.Exists(p => p.HasExited), "The mail server ended.\n" + Logs());
            Assert.IsTrue(Environment.TickCount64 < end, "The mail server does not listen.\n" + Logs());
            using TcpClient client = new();
            try
            {
                client.Connect(IPAddress.Loopback, port);
                return;
            }
            catch (SocketException)
            {
                Thread.Yield();
            }
        }
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
