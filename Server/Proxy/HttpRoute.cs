// A route to a server that is not ours: each own object is PUT as JSON to a URL made from its names, and DELETEd there.
// The association is the same as with our own message: own object, URL, ETag. One object after another, in the order of
// their changes; the point moves behind an object when its answer is durable here.
//
//   2xx              in step; the ETag is kept
//   404, 410         to a DELETE: in step
//   412, 409         the other side is another than the one we know: it is read. The same value: in step (our answer was lost).
//                    Another one: the devices win, upwards only there is nothing else to do
//   408, 425, 429, 5xx, no answer   later, from this object on
//   401, 403         later; said to the operator
//   other 4xx        the object is refused with the answer's text, the next ones go on

using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Proxy;

internal sealed class HttpRoute(ProxyContext context, ProxyTarget target, RouteRow row) : ProxyRoute(context, target, row)
{
    private const int Tries = 3; // to overwrite an object that others change meanwhile
    private const int MostAnswer = 1 << 20;

    private enum Verdict
    {
        Done,
        Refused,
        Later,
    }

    protected override void Forget()
    {
    }

    protected override RouteResult Exchange()
    {
        while (true)
        {
            List<(ObjectRow Object, MapRow? Map, string? Device, ObjectClass? Class)> work = [];
            string name;
            using (IProxyTransaction store = Context.Read())
            {
                OwnCollection own = new(store, Row.Collection, Context.Now);
                name = store.ListCollections().Find(c => c.Id == Row.Collection)!.Name;
                foreach (MapRow retry in store.ListMap(Row.Id, MapState.Retry, Window))
                {
                    if (own.Find(retry.OwnId) is { } again && again.Seq <= Row.Point)
                    {
                        work.Add((again, retry, null, Context.Classes.FindOf(store, again.Author, 0, Row.Collection, again.Class)));
                    }
                }

                foreach (ObjectRow changed in store.ListObjects(Row.Collection, Row.Point, Window, true))
                {
                    work.Add((changed, store.FindOwn(Row.Id, changed.Id), null, Context.Classes.FindOf(store, changed.Author, 0, Row.Collection, changed.Class)));
                }

                List<CollectionName> names = store.ListCollections();
                CollectionName mine = names.Find(c => c.Id == Row.Collection)!;
                for (int i = 0; i < work.Count; i++)
                {
                    work[i] = work[i] with { Device = own.DeviceId(work[i].Object.Id)?.Device ?? mine.Device ?? mine.Group };
                }
            }

            if (work.Count == 0)
            {
                return new RouteResult(true, "in step");
            }

            foreach ((ObjectRow changed, MapRow? known, string? device, ObjectClass? type) in work)
            {
                MapRow map = known ?? new MapRow { OwnId = changed.Id };
                Uri? url = ObjectUrl.Make(Target.Url, device ?? "", name, changed.Id);
                Answer answer = known == null && changed.Deleted ? new Answer(Verdict.Done, "", 0)
                    : url == null ? new Answer(Verdict.Refused, "an id that has no URL", 0)
                    : Send(url.AbsoluteUri, changed, map, type);
                Context.Reached?.Invoke(ProxyStep.Exchanged);
                if (answer.Verdict == Verdict.Later)
                {
                    return new RouteResult(false, answer.Text, answer.RetryAfter);
                }

                Keep(changed, map, url?.AbsoluteUri, known != null || !changed.Deleted, answer);
            }
        }
    }

    private void Keep(ObjectRow sent, MapRow map, string? url, bool associated, Answer answer)
    {
        using IProxyTransaction store = Context.Write();
        if (associated)
        {
            map.UpstreamId = url;
            map.Seq = sent.Seq;
            map.Status = answer.Status;
            map.Reason = answer.Verdict == Verdict.Refused ? answer.Text : "";
            map.State = answer.Verdict == Verdict.Refused ? MapState.Refused : sent.Deleted ? MapState.Deleted : MapState.InStep;
            map.Tag = sent.Deleted ? null : map.Tag;
            map.Time = Context.Now;
            store.SaveMap(Row.Id, map);
        }

        if (answer.Verdict == Verdict.Refused)
        {
            TellDevice(store, sent, sent.Id, Status.BadObject, answer.Text);
        }

        Row.Point = Math.Max(Row.Point, sent.Seq);
        store.SaveRoute(Row);
        Context.Reached?.Invoke(ProxyStep.BeforeApplied);
        store.Commit();
        Context.Reached?.Invoke(ProxyStep.Applied);
    }

    private Answer Send(string url, ObjectRow changed, MapRow map, ObjectClass? type)
    {
        JsonNode? body = changed.Deleted ? null : Body(changed, type);
        for (int i = 0; i < Tries; i++)
        {
            (HttpStatusCode status, string? tag, string text, int wait) = Ask(changed.Deleted ? HttpMethod.Delete : HttpMethod.Put, url, body, map.Tag);
            switch ((int)status)
            {
                case >= 200 and < 300:
                    map.Tag = tag;
                    return new Answer(Verdict.Done, "", 0);
                case 404 or 410 when changed.Deleted:
                    return new Answer(Verdict.Done, "", 0);
                case 409 or 412:
                    (status, tag, string there, wait) = Ask(HttpMethod.Get, url, null, null);
                    if ((int)status is 404 or 410)
                    {
                        map.Tag = null; // gone there: made anew
                        continue;
                    }

                    if ((int)status is < 200 or >= 300 || tag == null)
                    {
                        return Fault(status, there, wait, url);
                    }

                    map.Tag = tag;
                    if (body != null && Same(body, there))
                    {
                        return new Answer(Verdict.Done, "", 0); // we wrote it, and did not hear of it
                    }

                    continue;
                default:
                    return Fault(status, text, wait, url);
            }
        }

        return new Answer(Verdict.Later, $"{url} is changed by others all the time", 0);
    }

    private static Answer Fault(HttpStatusCode status, string text, int wait, string url)
    {
        string said = string.Create(CultureInfo.InvariantCulture, $"HTTP {(int)status}{(text.Length > 0 ? ": " + Cut(text) : "")}");
        return (int)status switch
        {
            0 => new Answer(Verdict.Later, $"{url} is not reached: {text}", 0),
            401 or 403 => new Answer(Verdict.Later, $"{url} does not take the token ({said})", (int)status, wait),
            408 or 425 or 429 or >= 500 or < 400 => new Answer(Verdict.Later, $"{url} answered {said}", (int)status, wait),
            _ => new Answer(Verdict.Refused, said, (int)status),
        };
    }

    private static JsonNode Body(ObjectRow row, ObjectClass? type)
    {
        JsonObject json = new() { ["id"] = row.Id, ["class"] = row.Class };
        ObjectJson.AddValue(json, type, row.Data!);
        return json;
    }

    private static bool Same(JsonNode body, string there)
    {
        try
        {
            return JsonNode.DeepEquals(body, JsonNode.Parse(there));
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private (HttpStatusCode Status, string? Tag, string Text, int RetryAfter) Ask(HttpMethod method, string url, JsonNode? body, string? tag)
    {
        using HttpRequestMessage request = new(method, url);
        if (Target.Token.Length > 0)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Target.Token);
        }

        if (tag != null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", tag);
        }
        else if (method == HttpMethod.Put)
        {
            request.Headers.TryAddWithoutValidation("If-None-Match", "*");
        }

        if (body != null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }

        try
        {
            using HttpResponseMessage response = Context.Http.Send(request, HttpCompletionOption.ResponseHeadersRead);
            using Stream stream = response.Content.ReadAsStream();
            byte[] bytes = new byte[MostAnswer];
            int count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            int wait = response.Headers.RetryAfter?.Delta is { } asked ? (int)asked.TotalSeconds : -1;
            return (response.StatusCode, response.Headers.ETag?.ToString(), Encoding.UTF8.GetString(bytes, 0, count), wait);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return (0, null, e.Message, -1);
        }
    }

    private sealed record Answer(Verdict Verdict, string Text, int Status, int RetryAfter = -1);
}
