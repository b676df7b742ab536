/** What may come before and behind a reply's body, and what goes on after it: interim responses, trailers, another protocol. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { connectModelGuest, recordingSink, requestHead, settle } from "./testing/model-guest.ts";
import { Flag, FrameType, Limit, PROTOCOL_VERSION } from "./protocol.ts";
import type { RequestHead } from "./host-end.ts";
import { decodeRequestHead, sendableTrailers } from "./head.ts";

const upgrade: RequestHead = {
  ...requestHead,
  input: { kind: "upgrade", protocol: "websocket", method: "GET", url: "http://a/", headers: ["x-a", "1"] },
};

/** A request on a channel whose agent said whether it takes trailers. */
async function begun(head = requestHead, takes = true) {
  const ends = connectModelGuest();
  const { host, guest, got, told } = ends;
  void host.resume(1, Buffer.alloc(64), "m", false);
  await settle();
  assert.equal((JSON.parse(got[0]!.payload.toString()) as { trailers?: boolean }).trailers, true);
  guest.json(FrameType.Ready, 0, { protocol: PROTOCOL_VERSION, agent: "a", node: "26", kernel: "linux", ...(takes && { trailers: true }) });
  await settle();
  const sink = {
    ...recordingSink(told),
    end: (trailers: string[] = []) => void told.push(`sink end ${trailers.join(",")}`),
    interim: (status: number, headers: string[]) => void told.push(`sink interim ${status} ${headers.join(",")}`),
  };
  const stream = host.request(head, null, false, sink);
  await settle();
  return { ...ends, stream };
}

test("trailers end a reply in place of its last Data, with Pending as well", async () => {
  const { guest, told, stream } = await begun();
  guest.headed(FrameType.Response, 0, stream.stream, "200", Buffer.from("body"));
  guest.frame(FrameType.Trailers, Flag.End | Flag.Pending, stream.stream, Buffer.from("grpc-status\n0\nConnection\nx"));
  await settle();
  assert.deepEqual(told, ["sink head 200  body false", "sink end grpc-status,0"]);
  guest.frame(FrameType.Done, 0, stream.stream, null);
  await settle();
  assert.equal(told.at(-1), "sink closed");
});

test("interim responses come before the reply, without what is for one connection only", async () => {
  const { guest, told, stream } = await begun();
  guest.frame(FrameType.Interim, 0, stream.stream, Buffer.from("103\nlink\n</a>\nConnection\nx"));
  guest.headed(FrameType.Response, Flag.End, stream.stream, "200", null);
  await settle();
  assert.deepEqual(told, ["sink interim 103 link,</a>", "sink head 200   true", "sink closed"]);
});

test("what a guest may not send around a reply's body is a violation", async () => {
  const reply = (guest: Awaited<ReturnType<typeof begun>>["guest"], stream: number, flags = 0) =>
    guest.headed(FrameType.Response, flags, stream, "200", null);
  type Act = (guest: Awaited<ReturnType<typeof begun>>["guest"], stream: number) => void;
  const cases: [string, Act][] = [
    ["trailers before the head", (guest, stream) => guest.frame(FrameType.Trailers, Flag.End, stream, Buffer.from("a\nb"))],
    ["trailers without End", (guest, stream) => (reply(guest, stream), guest.frame(FrameType.Trailers, 0, stream, Buffer.from("a\nb")))],
    [
      "a name without a value",
      (guest, stream) => (reply(guest, stream), guest.frame(FrameType.Trailers, Flag.End, stream, Buffer.from("a"))),
    ],
    [
      "a name that is none",
      (guest, stream) => (reply(guest, stream), guest.frame(FrameType.Trailers, Flag.End, stream, Buffer.from("a b\nc"))),
    ],
    [
      "a value with CR",
      (guest, stream) => (reply(guest, stream), guest.frame(FrameType.Trailers, Flag.End, stream, Buffer.from("a\nb\r"))),
    ],
    [
      "too many trailers",
      (guest, stream) => (
        reply(guest, stream),
        guest.frame(FrameType.Trailers, Flag.End, stream, Buffer.from("a\nb\n".repeat(257).slice(0, -1)))
      ),
    ],
    ["trailers on no stream", (guest, stream) => guest.frame(FrameType.Trailers, Flag.End, stream + 2, Buffer.from("a\nb"))],
    [
      "an Interim behind the head",
      (guest, stream) => (reply(guest, stream), guest.frame(FrameType.Interim, 0, stream, Buffer.from("103"))),
    ],
    ["an Interim of 101", (guest, stream) => guest.frame(FrameType.Interim, 0, stream, Buffer.from("101"))],
    ["an Interim of 200", (guest, stream) => guest.frame(FrameType.Interim, 0, stream, Buffer.from("200"))],
    [
      "too many Interims",
      (guest, stream) => {
        for (let count = 0; count <= Limit.interims; count += 1) guest.frame(FrameType.Interim, 0, stream, Buffer.from("103"));
      },
    ],
    ["101 to a request that asked for nothing", (guest, stream) => guest.headed(FrameType.Response, 0, stream, "101", null)],
  ];
  for (const [what, act] of cases) {
    const { guest, told, stream } = await begun();
    act(guest, stream.stream);
    await settle();
    assert.match(told.at(-1)!, /^dead true /, what);
  }
});

test("trailers of a request reach an agent that takes them, and no other", async () => {
  for (const takes of [true, false]) {
    const { got, stream } = await begun(requestHead, takes);
    stream.write(Buffer.from("body"));
    stream.end(["x-a", "1"]);
    await settle();
    const { type, flags, payload } = got.at(-1)!;
    assert.deepEqual([type, flags, payload.toString()], takes ? [FrameType.Trailers, Flag.End, "x-a\n1"] : [FrameType.Data, Flag.End, ""]);
  }
});

test("an upgrade crosses as what it is, and 101 opens both directions until each has ended", async () => {
  const { guest, got, told, stream } = await begun(upgrade);
  const { payload } = got.at(-1)!;
  assert.deepEqual(decodeRequestHead(payload.toString("latin1", 4, 4 + payload.readUInt32LE(0))), upgrade);
  guest.headed(FrameType.Response, 0, stream.stream, "101\nsec-websocket-accept\nx\nUpgrade\nwebsocket", Buffer.from("early"));
  guest.frame(FrameType.Data, 0, stream.stream, Buffer.from("more"));
  await settle();
  assert.deepEqual(told, ["sink head 101 sec-websocket-accept,x early false", "sink data 4"]);
  stream.write(Buffer.from("from the caller"));
  await settle();
  assert.equal(got.at(-1)!.payload.toString(), "from the caller");
  guest.frame(FrameType.Data, Flag.End, stream.stream, null);
  await settle();
  assert.deepEqual(told.slice(2), ["sink end ", "sink closed"]);
});

test("fields that would change a message that was handled already are no trailers", () => {
  const given = [
    "Grpc-Status",
    "0",
    "Content-Length",
    "5",
    "set-cookie",
    "a=1",
    "Transfer-Encoding",
    "chunked",
    "bad name",
    "x",
    "x-bad",
    "a\nb",
    "x-é",
    "1",
  ];
  assert.deepEqual(sendableTrailers(given), ["Grpc-Status", "0"]);
  assert.deepEqual(sendableTrailers(Array.from({ length: 600 }, () => "a")).length, 512);
  assert.deepEqual(sendableTrailers(["a", "x".repeat(70_000)]), []);
});
