// The page's files: small, complete, cached, compressed, under a policy that lets nothing else in.

using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace NanoSync.PageTests;

[TestClass]
public sealed partial class FileTests
{
    private static readonly string s_files = Path.Combine(PageBench.Root, "Server/Page/files");

    public TestContext TestContext { get; set; } = null!;

    /// <summary>SHA-256 of the page's files, what lies in vendor included, by name.</summary>
    public static string SumOfThePage()
    {
        using IncrementalHash sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in Directory.GetFiles(s_files, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            sum.AppendData(System.Text.Encoding.UTF8.GetBytes(Path.GetRelativePath(s_files, file).Replace('\\', '/')));
            sum.AppendData(File.ReadAllBytes(file));
        }

        return Convert.ToHexStringLower(sum.GetHashAndReset());
    }

    [TestMethod]
    public void The_pictures_of_the_README_are_of_the_page_as_it_is()
    {
        string images = Path.Combine(PageBench.Root, "docs/images");
        Assert.AreEqual(SumOfThePage(), File.ReadAllText(Path.Combine(images, "page.sum")).Trim(),
            "The page's files have changed since the pictures were made. NANOSYNC_PICTURES=FOLDER dotnet test Tests/PageTests --filter Name~pictures_of_the_README_are_made, then copy FOLDER/readme to docs/images.");
        string readme = File.ReadAllText(Path.Combine(PageBench.Root, "README.md"));
        foreach (string picture in Directory.GetFiles(images, "*.png").Select(Path.GetFileName)!)
        {
            StringAssert.Contains(readme, "docs/images/" + picture);
        }
    }

    [TestMethod]
    public async Task Each_file_is_served_with_a_tag_compressed_and_under_a_strict_policy_and_all_are_below_250_KB()
    {
        await using PageBench bench = await PageBench.Start();
        using HttpClient client = new(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None }) { BaseAddress = new Uri(bench.Server.Url) };
        long size = 0;
        foreach (string file in Directory.GetFiles(s_files, "*", SearchOption.AllDirectories))
        {
            byte[] bytes = await File.ReadAllBytesAsync(file, TestContext.CancellationToken);
            size += bytes.Length;
            string name = Path.GetRelativePath(s_files, file).Replace('\\', '/');
            string path = name == "index.html" ? "/" : "/page/" + name;
            foreach (string? encoding in (string?[])[null, "gzip", "br"])
            {
                using HttpRequestMessage request = new(HttpMethod.Get, path);
                request.Headers.TryAddWithoutValidation("Accept-Encoding", encoding);
                using HttpResponseMessage response = await client.SendAsync(request, TestContext.CancellationToken);
                Assert.AreEqual(HttpStatusCode.OK, response.StatusCode, path);
                Assert.AreEqual(encoding ?? "", string.Join(',', response.Content.Headers.ContentEncoding), path);
                Stream body = await response.Content.ReadAsStreamAsync(TestContext.CancellationToken);
                using MemoryStream plain = new();
                await (encoding switch { "gzip" => new GZipStream(body, CompressionMode.Decompress), "br" => new BrotliStream(body, CompressionMode.Decompress), _ => body }).CopyToAsync(plain, TestContext.CancellationToken);
                CollectionAssert.AreEqual(bytes, plain.ToArray(), $"{path} {encoding}");
                string policy = response.Headers.GetValues("Content-Security-Policy").Single();
                StringAssert.Contains(policy, "default-src 'none'");
                Assert.DoesNotContain("unsafe", policy);
                Assert.DoesNotContain("http", policy);

                using HttpRequestMessage again = new(HttpMethod.Get, path);
                again.Headers.TryAddWithoutValidation("Accept-Encoding", encoding);
                again.Headers.IfNoneMatch.Add(response.Headers.ETag!);
                using HttpResponseMessage unchanged = await client.SendAsync(again, TestContext.CancellationToken);
                Assert.AreEqual(HttpStatusCode.NotModified, unchanged.StatusCode, path);
            }
        }

        Console.WriteLine($"figures: the page is {size} bytes in all, uncompressed");
        Assert.IsLessThan(250_000, size);
        foreach (string path in (string[])["/page/nothing.js", "/page/..%2Findex.html", "/page/"])
        {
            using HttpResponseMessage none = await client.GetAsync(path, TestContext.CancellationToken);
            Assert.AreEqual(HttpStatusCode.NotFound, none.StatusCode, path);
        }
    }

    [TestMethod]
    public void No_script_or_style_stands_in_the_markup_and_nothing_is_named_that_lies_elsewhere()
    {
        string index = File.ReadAllText(Path.Combine(s_files, "index.html"));
        Assert.IsFalse(Inline().IsMatch(index), index);
        foreach (string file in Directory.GetFiles(s_files))
        {
            string text = File.ReadAllText(file).Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal);
            Assert.IsFalse(Elsewhere().IsMatch(text), file);
            Assert.IsFalse(Markup().IsMatch(text), $"{file} makes markup from text");
        }
    }

    [TestMethod]
    public void What_lies_in_vendor_is_what_the_packages_have_and_its_licence_is_there()
    {
        (string Ours, string Theirs)[] files =
        [
            ("uPlot.iife.min.js", "uplot/dist/uPlot.iife.min.js"), ("uPlot.min.css", "uplot/dist/uPlot.min.css"), ("uPlot.LICENSE.txt", "uplot/LICENSE"),
            ("lean-qr.mjs", "lean-qr/index.mjs"), ("lean-qr.LICENSE.txt", "lean-qr/LICENSE"),
        ];
        foreach ((string ours, string theirs) in files)
        {
            CollectionAssert.AreEqual(SHA256.HashData(File.ReadAllBytes(Path.Combine(PageBench.Modules, theirs))), SHA256.HashData(File.ReadAllBytes(Path.Combine(s_files, "vendor", ours))), ours);
        }

        Assert.HasCount(files.Length, Directory.GetFiles(Path.Combine(s_files, "vendor")));
    }

    [GeneratedRegex("<script(?![^>]*\\bsrc=)|<style|\\sstyle=|\\son\\w+=|javascript:", RegexOptions.IgnoreCase)]
    private static partial Regex Inline();

    [GeneratedRegex("[\"'(]\\s*(https?:)?//\\w", RegexOptions.IgnoreCase)]
    private static partial Regex Elsewhere();

    [GeneratedRegex("innerHTML|outerHTML|insertAdjacentHTML|document\\.write|\\beval\\(|new Function")]
    private static partial Regex Markup();
}
