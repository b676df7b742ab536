/** WebSockets of ASGI apps, through a real agent and real frames. The client here makes its frames by itself, so that it can send wrong ones. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { until } from "../../../base/clock/until.ts";
import { ResetCode } from "../../../wire/protocol.ts";
import { bindPython, pythonAgent } from "../../testing/python-agent.ts";
import { type RunningAgent, startAgentProcess } from "../../testing/running-agent.ts";

const apps = {
  echo: `
async def app(scope, receive, send):
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept", "subprotocol": scope["subprotocols"][-1] if scope["subprotocols"] else None, "headers": [(b"X-Own", b"yes")]})
    await send({"type": "websocket.send", "text": repr([scope["type"], scope["scheme"], scope["path"], scope["query_string"], scope["client"], "method" in scope])})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            print("left with", message["code"], message["reason"])
            return
        if message.get("text") == "close":
            return await send({"type": "websocket.close", "code": 3001, "reason": "as asked"})
        if message.get("text") == "raise":
            raise ValueError("raised")
        if message.get("text") == "return":
            return
        await send({"type": "websocket.send", **{key: message[key] for key in ("text", "bytes") if message.get(key) is not None}})`,
  rejects: `
async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.close"})`,
  answers: `
async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.http.response.start", "status": 418, "headers": [(b"x-a", b"1")]})
    await send({"type": "websocket.http.response.body", "body": b"tea", "more_body": True})
    await send({"type": "websocket.http.response.body", "body": b"pot"})`,
  fails: `
async def app(scope, receive, send):
    raise ValueError("no luck")`,
  deaf: `
import asyncio
async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await asyncio.sleep(3600)`,
  floods: `
async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    try:
        while True:
            await send({"type": "websocket.send", "bytes": bytes(10_000)})
    except OSError as error:
        print("send said", error)`,
  wsgi: `
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"plain"]`,
};

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10];

function frame(opcode: number, data: string | Buffer, { masked = true, final = true, bits = 0 } = {}): Buffer {
  const payload = Buffer.from(data);
  const mask = randomBytes(4);
  const length = payload.length < 126 ? [payload.length] : payload.length < 65_536 ? [126] : [127];
  const more = Buffer.alloc(payload.length < 126 ? 0 : payload.length < 65_536 ? 2 : 8);
  if (more.length === 2) more.writeUInt16BE(payload.length);
  if (more.length === 8) more.writeBigUInt64BE(BigInt(payload.length));
  const head = Buffer.from([(final ? 0x80 : 0) | bits | opcode, (masked ? 0x80 : 0) | length[0]!]);
  if (!masked) return Buffer.concat([head, more, payload]);
  return Buffer.concat([head, more, mask, payload.map((byte, at) => byte ^ mask[at % 4]!)]);
}

function closeOf(code: number, reason = ""): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]);
}

/** The frames of the server so far: opcode and payload. */
function frames(bytes: Buffer): [number, Buffer][] {
  const found: [number, Buffer][] = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    const short = bytes[at + 1]!;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (at + head > bytes.length) break;
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    if (at + head + length > bytes.length) break;
    found.push([bytes[at]! & 15, bytes.subarray(at + head, at + head + length)]);
    at += head + length;
  }
  return found;
}

for (const suite of ["bookworm", "trixie"] as const) {
  describe(`ASGI's WebSockets in Python of ${suite}`, () => {
    let agent: RunningAgent;
    before(async () => {
      agent = await startAgentProcess({ start: pythonAgent({ suite }) });
      await bindPython(agent, apps, "app");
    });
    after(() => agent.kill());

    function open(name: string, more: string[] = [], takes = true, version = "13") {
      const seen = {
        status: 0,
        headers: [] as string[],
        body: Buffer.alloc(0),
        ended: false,
        reset: null as ResetCode | null,
        closed: false,
      };
      const take = (chunk: Buffer) => {
        seen.body = Buffer.concat([seen.body, chunk]);
        if (takes) stream.consumed(chunk.length);
      };
      const headers = [
        "Host",
        "h.test",
        "x-forwarded-for",
        "192.0.2.1",
        "Sec-WebSocket-Key",
        KEY,
        "Sec-WebSocket-Version",
        version,
        ...more,
      ];
      const stream = agent.open(
        {
          head: (status, given, body) => {
            Object.assign(seen, { status, headers: given });
            take(body);
          },
          data: take,
          end: () => (seen.ended = true),
          reset: (code) => (seen.reset = code),
          closed: () => (seen.closed = true),
        },
        { function: name, input: { kind: "upgrade", protocol: "websocket", method: "GET", url: "https://h.test/a%20b?c", headers } },
        false,
      );
      const last = () => frames(seen.body).at(-1);
      const got = (opcode: number, text: string) => until(() => last()?.[0] === opcode && last()![1].toString("latin1") === text);
      return { seen, stream, got, last, send: (bytes: Buffer) => stream.write(bytes) };
    }

    test("an app accepts, and gets and sends text and bytes", async () => {
      const { seen, send, got, last } = open("echo", ["Sec-WebSocket-Protocol", "a, b"]);
      await until(() => last() !== undefined);
      const accept = createHash("sha1").update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      assert.deepEqual([seen.status, seen.headers], [101, ["Sec-WebSocket-Accept", accept, "Sec-WebSocket-Protocol", "b", "x-own", "yes"]]);
      assert.equal(last()![1].toString(), "['websocket', 'wss', '/a b', b'c', ('192.0.2.1', 0), False]");
      send(frame(TEXT, "hé"));
      await until(() => last()![1].toString() === "hé");
      send(frame(BINARY, Buffer.alloc(100_000, "x")));
      await until(() => last()![0] === BINARY && last()![1].length === 100_000);
      send(Buffer.concat([frame(TEXT, "one ", { final: false }), frame(PING, "ping"), frame(CONTINUATION, "two")]));
      await until(() => last()![1].toString() === "one two");
      assert.ok(frames(seen.body).some(([opcode, data]) => opcode === PONG && data.toString() === "ping"));
      const cut = frame(TEXT, "byte by byte");
      for (const byte of cut) send(Buffer.from([byte]));
      await got(TEXT, "byte by byte");
      send(frame(CLOSE, closeOf(4_000, "done")));
      await until(() => seen.ended && seen.closed);
      assert.deepEqual(last(), [CLOSE, closeOf(4_000)]);
      await agent.logged("left with 4000 done");
    });

    test("an app that closes, raises or returns ends the connection with its code", async () => {
      for (const [text, expected] of [
        ["close", closeOf(3_001, "as asked")],
        ["raise", closeOf(1_011)],
        ["return", closeOf(1_000)],
      ] as const) {
        const { seen, send, last } = open("echo");
        send(frame(TEXT, text));
        await until(() => seen.ended && seen.closed);
        assert.deepEqual(last(), [CLOSE, expected], text);
      }
      await agent.logged("ValueError: raised");
    });

    test("an app may reject, answer in HTTP, or fail; and other kinds of apps take no WebSockets", async () => {
      const answers = {
        rejects: [403, "", null],
        answers: [418, "teapot", null],
        fails: [0, "", ResetCode.FunctionThrew],
        wsgi: [0, "", ResetCode.Refused],
      };
      for (const [name, expected] of Object.entries(answers)) {
        const { seen } = open(name);
        await until(() => seen.closed);
        assert.deepEqual([seen.status, seen.body.toString(), seen.reset], expected, name);
      }
      assert.equal((await agent.call({ function: "wsgi" })).text, "plain");
    });

    test("a handshake of another version, or without a key, is refused before the app", async () => {
      const old = open("echo", [], true, "8");
      await until(() => old.seen.closed);
      assert.deepEqual([old.seen.status, old.seen.headers], [426, ["Sec-WebSocket-Version", "13"]]);
      const twice = open("echo", ["Sec-WebSocket-Key", KEY]);
      await until(() => twice.seen.closed);
      assert.equal(twice.seen.status, 400);
    });

    test("clients that break the protocol are told how, and cut off", async () => {
      const cases: [string, Buffer, number][] = [
        ["not masked", frame(TEXT, "x", { masked: false }), 1_002],
        ["a reserved bit", frame(TEXT, "x", { bits: 0x40 }), 1_002],
        ["an unknown opcode", frame(3, "x"), 1_002],
        ["a continuation of nothing", frame(CONTINUATION, "x"), 1_002],
        ["a message in a message", Buffer.concat([frame(TEXT, "x", { final: false }), frame(TEXT, "y")]), 1_002],
        ["a Ping in pieces", frame(PING, "x", { final: false }), 1_002],
        ["a long Ping", frame(PING, "x".repeat(126)), 1_002],
        ["a Close with half a code", frame(CLOSE, "x"), 1_002],
        ["a Close with a code of nobody's", frame(CLOSE, closeOf(1_005)), 1_002],
        ["text that is not UTF-8", frame(TEXT, Buffer.from([0xff])), 1_007],
        ["a reason that is not UTF-8", frame(CLOSE, Buffer.from([3, 232, 0xff])), 1_007],
        ["too long a message", Buffer.from([0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]), 1_009],
      ];
      for (const [what, bytes, code] of cases) {
        const { seen, send, last } = open("echo");
        await until(() => last() !== undefined);
        send(bytes);
        await until(() => seen.ended && seen.closed);
        assert.deepEqual([last()![0], last()![1].readUInt16BE(0)], [CLOSE, code], what);
      }
    });

    test("an app that asks for nothing still answers Pings and a Close, and holds a flood back", async () => {
      const { seen, send, got } = open("deaf");
      send(frame(PING, "there?"));
      await got(PONG, "there?");
      send(frame(CLOSE, closeOf(1_000)));
      await until(() => seen.closed);
      const flood = open("deaf");
      await until(() => flood.seen.status === 101);
      let pieces = 0;
      while (flood.send(frame(BINARY, Buffer.alloc(16_384))) && pieces < 1_000) {
        pieces += 1;
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.ok(pieces < 1_000, `${pieces} messages of 16 KiB were taken`);
      flood.stream.reset(ResetCode.Cancelled, "");
      await until(() => flood.seen.closed);
    });

    test("send() waits for a slow client, and raises when it is gone", async () => {
      const { seen, stream } = open("floods", [], false);
      await until(() => seen.body.length >= 65_536);
      assert.equal(seen.body.length, 65_536);
      stream.reset(ResetCode.Cancelled, "");
      await agent.logged("send said");
      await until(() => seen.closed);
    });
  });
}
