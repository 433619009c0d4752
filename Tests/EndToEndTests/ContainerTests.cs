// The server's container, built by the SDK and run. Its base is a stand-in for Microsoft's image of ASP.NET, which has to be fetched: the same user, folders and
// variables, from a registry of this test's own; the runtime and libraries below it are this machine's, bound in when the image's files are run as a root (bwrap).

using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;

namespace NanoSync.Tests;

[TestClass]
public sealed class ContainerTests
{
    private const string App = "1654"; // the user of Microsoft's images

    [TestMethod]
    public void The_container_is_built_runs_without_rights_and_serves_a_device()
    {
        using var bench = new Bench();
        string archive = bench.At("image.tar"), root = bench.At("root");
        using (var registry = new BaseRegistry())
        {
            // insecure = plain HTTP
            Ended built = bench.Run("env", Bench.Root, $"DOTNET_CONTAINER_INSECURE_REGISTRIES={registry.Address}", "dotnet", "publish", "Server", "-c", "Release", "--no-build",
                "-t:PublishContainer", $"-p:ContainerBaseImage={registry.Address}/base:1", $"-p:ContainerArchiveOutputPath={archive}");
            Assert.AreEqual(0, built.Code, built.Output);
        }

        JsonElement config = Unpack(archive, root);
        CollectionAssert.AreEqual(new[] { "dotnet", "/app/NanoSync.Server.dll" }, Texts(config.GetProperty("Entrypoint")));
        CollectionAssert.AreEqual(new[] { "serve" }, Texts(config.GetProperty("Cmd")));
        Assert.AreEqual(App, config.GetProperty("User").GetString());
        Assert.IsTrue(config.GetProperty("ExposedPorts").TryGetProperty("8080/tcp", out _));
        CollectionAssert.Contains(Texts(config.GetProperty("Env")), "NANOSYNC_URLS=http://0.0.0.0:8080");
        CollectionAssert.AreEqual(File.ReadAllBytes(Bench.Program("Server", "NanoSync.Server")), File.ReadAllBytes(Path.Combine(root, "app", "NanoSync.Server.dll")));

        string port = bench.Start("bwrap", Inside(root, config, Texts(config.GetProperty("Cmd")))).WaitFor(@"^NanoSync server on http://0\.0\.0\.0:(\d+)").Groups[1].Value;
        Ended enrolled = bench.Run("bwrap", bench.Folder, Inside(root, config, "device", "add", "field"));
        Assert.AreEqual(0, enrolled.Code, enrolled.Output);
        string url = "http://127.0.0.1:" + port, token = enrolled.Output.Split('\n').Single(l => l.Length == 43 && !l.Contains(' '));
        Assert.AreEqual(200, bench.Rest(HttpMethod.Get, url + "/health", "").Status);
        Ended synced = bench.Device("--server", url, "--token", token, "--once", "--data", bench.At("device"));
        Assert.AreEqual(0, synced.Code, synced.Output);
        Assert.HasCount(1, bench.Objects("field", "readings", Path.Combine(root, "home", "app", "nanosync-data")));
    }

    /// <summary>As a container would be run: the image's files read-only but for the volume, its user, its variables and no others, its entry point. The port is
    /// another, as the network is this machine's.</summary>
    private static string[] Inside(string root, JsonElement config, params string[] arguments) => [
        "--ro-bind", root, "/", "--bind", Path.Combine(root, "home", "app"), "/home/app", "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev",
        "--ro-bind", "/usr", "/usr", "--ro-bind", "/lib", "/lib", "--ro-bind-try", "/lib64", "/lib64", "--ro-bind", Path.GetDirectoryName(Environment.ProcessPath)!, "/dotnet",
        "--unshare-user", "--uid", App, "--gid", App, "--die-with-parent", "--chdir", config.GetProperty("WorkingDir").GetString()!, "--clearenv",
        .. Texts(config.GetProperty("Env")).SelectMany(e => (string[])["--setenv", .. e.Replace(":8080", ":0").Split('=', 2)]), .. Texts(config.GetProperty("Entrypoint")), .. arguments];

    private static string[] Texts(JsonElement list) => [.. list.EnumerateArray().Select(e => e.GetString()!)];

    /// <summary>Lays the image's layers upon each other; what the image says about running it.</summary>
    private static JsonElement Unpack(string archive, string root)
    {
        string parts = Path.ChangeExtension(archive, null);
        TarFile.ExtractToDirectory(archive, Directory.CreateDirectory(parts).FullName, overwriteFiles: false);
        JsonElement Read(string name) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(parts, name))).RootElement;

        JsonElement manifest = Read("manifest.json")[0];
        Directory.CreateDirectory(root);
        foreach (string layer in Texts(manifest.GetProperty("Layers")))
        {
            using var unzipped = new GZipStream(File.OpenRead(Path.Combine(parts, layer)), CompressionMode.Decompress);
            TarFile.ExtractToDirectory(unzipped, root, overwriteFiles: true);
        }

        return Read(manifest.GetProperty("Config").GetString()!).GetProperty("config");
    }

    /// <summary>A registry with one image: GET of a manifest and of what it names.</summary>
    private sealed class BaseRegistry : IDisposable
    {
        private const string Manifest = "application/vnd.docker.distribution.manifest.v2+json";
        private readonly HttpListener _listener = new();
        private readonly Dictionary<string, (string Type, byte[] Body)> _content = [];
        private readonly Task _serving;

        public BaseRegistry()
        {
            using var tar = new MemoryStream();
            using (var writer = new TarWriter(tar, leaveOpen: true))
            {
                foreach (string folder in (string[])["dev/", "dotnet/", "etc/", "home/", "home/app/", "lib/", "lib64/", "proc/", "tmp/", "usr/"])
                {
                    int owner = folder == "home/app/" ? int.Parse(App) : 0;
                    writer.WriteEntry(new PaxTarEntry(TarEntryType.Directory, folder) { Uid = owner, Gid = owner, Mode = (UnixFileMode)0b111_101_101 });
                }
            }

            using var zipped = new MemoryStream();
            using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest, leaveOpen: true))
            {
                gzip.Write(tar.ToArray());
            }

            string config = Add("application/vnd.docker.container.image.v1+json", JsonSerializer.SerializeToUtf8Bytes(new
            {
                architecture = System.Runtime.InteropServices.RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64",
                os = "linux",
                config = new { Env = new[] { "PATH=/dotnet:/usr/bin:/bin", "APP_UID=" + App, "ASPNETCORE_HTTP_PORTS=8080", "DOTNET_RUNNING_IN_CONTAINER=true" } },
                rootfs = new { type = "layers", diff_ids = new[] { Digest(tar.ToArray()) } },
            }));
            byte[] layer = zipped.ToArray();
            string digest = Add("application/vnd.docker.image.rootfs.diff.tar.gzip", layer);
            byte[] manifest = JsonSerializer.SerializeToUtf8Bytes(new
            {
                schemaVersion = 2,
                mediaType = Manifest,
                config = new { mediaType = _content[config].Type, size = _content[config].Body.Length, digest = config },
                layers = new[] { new { mediaType = _content[digest].Type, size = layer.Length, digest } },
            });
            Add(Manifest, manifest);
            _content["1"] = (Manifest, manifest); // its tag

            using (var free = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
            {
                free.Start();
                Address = free.LocalEndpoint.ToString()!;
            }

            _listener.Prefixes.Add($"http://{Address}/");
            _listener.Start();
            _serving = Serve();
        }

        public string Address { get; }

        public void Dispose()
        {
            _listener.Stop();
            _serving.Wait();
        }

        private static string Digest(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

        private string Add(string type, byte[] body)
        {
            string digest = Digest(body);
            _content[digest] = (type, body);
            return digest;
        }

        private async Task Serve()
        {
            while (_listener.IsListening)
            {
                HttpListenerContext context;
                try
                {
                    context = await _listener.GetContextAsync();
                }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }

                if (_content.TryGetValue(context.Request.Url!.Segments[^1], out (string Type, byte[] Body) found))
                {
                    context.Response.ContentType = found.Type;
                    context.Response.AddHeader("Docker-Content-Digest", Digest(found.Body));
                    context.Response.ContentLength64 = found.Body.Length;
                    if (context.Request.HttpMethod == "GET")
                    {
                        context.Response.OutputStream.Write(found.Body);
                    }
                }
                else
                {
                    context.Response.StatusCode = 404;
                }

                context.Response.Close();
            }
        }
    }
}
