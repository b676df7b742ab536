/**
 * Many WebSockets at once, over HTTP/1.1 and HTTP/2, whose clients and functions send, stop, refuse, break off and do not read in random order. The seed is
 * printed; MAYFLY_SEED repeats a run, MAYFLY_FUZZ_CLIENTS changes its length.
 *
 * What must hold: each side gets the other's bytes in order and nothing else, all of them if neither breaks off; a client gets a Close frame of the gateway's
 * own between two frames and never within one; every invocation ends; nothing stays counted; and other calls are answered meanwhile.
 */
import assert from "node:assert/strict";
import { type ClientHttp2Session, connect as connectH2 } from "node:http2";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../../../base/clock/until.ts";
import { Random, seedOf } from "../../../base/testing/random.ts";
import { openTestGateway, rawClient, replyText, type Seen, timing } from "../testing/test-gateway.ts";
import { closeFrame } from "./frame-border.ts";

const seed = seedOf();
const clientsToTry = Number(process.env.MAYFLY_FUZZ_CLIENTS ?? 400);
const AT_ONCE = 40;
const CREDIT = 65_536;

interface Plan {
  number: number;
  overHttp2: boolean;
  answer: "agrees" | "refuses" | "fails" | "says nothing";
  /** Frames of the function. The last may be cut off. */
  toClient: Buffer[];
  isCut: boolean;
  functionEnds: "by its end" | "by a failure" | "not";
  toFunction: Buffer[];
  /** How many of these the client sends before it has an answer. */
  early: number;
  clientEnds: "by its end" | "by a reset" | "not";
  /** Whether the function takes what the client sends in steps. */
  isSlow: boolean;
}

function draw(number: number, random: Random): Plan {
  const overHttp2 = random.chance(0.4);
  const answer = random.pick(["agrees", "agrees", "agrees", "agrees", "agrees", "refuses", "fails", "says nothing"] as const);
  const toClient = Array.from({ length: random.below(8) }, () => frame(random));
  const isCut = toClient.length > 0 && random.chance(0.2);
  if (isCut) toClient.push(toClient.pop()!.subarray(0, -1));
  const toFunction = Array.from({ length: random.below(8) }, () => bytes(random, random.chance(0.2) ? 40_000 : 300));
  const functionEnds = random.pick(["by its end", "by a failure", "not"] as const);
  // Both sides may not wait for each other for ever.
  const clientEnds = random.pick(
    functionEnds === "not" ? (["by its end", "by a reset"] as const) : (["by its end", "by a reset", "not"] as const),
  );
  return {
    number,
    overHttp2,
    answer,
    toClient,
    isCut,
    functionEnds,
    toFunction,
    clientEnds,
    early: overHttp2 ? 0 : random.below(toFunction.length + 1),
    isSlow: random.chance(0.4),
  };
}

function bytes(random: Random, most: number): Buffer {
  return Buffer.from(Array.from({ length: 1 + random.below(most) }, () => random.below(256)));
}

function frame(random: Random): Buffer {
  const payload = bytes(random, random.chance(0.1) ? 70_000 : 200);
  const opcode = random.pick([0x81, 0x82, 0x89, 0x8a, 0x01]);
  if (payload.length < 126) return Buffer.concat([Buffer.from([opcode, payload.length]), payload]);
  const isLong = payload.length > 65_535;
  const head = Buffer.alloc(isLong ? 10 : 4);
  head.set([opcode, isLong ? 127 : 126]);
  if (isLong) head.writeUInt32BE(payload.length, 6);
  else head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

interface Client {
  write(data: Buffer): void;
  end(): void;
  reset(): void;
  /** What came behind the head of an agreement; undefined before there is one. */
  got(): Buffer | undefined;
  isAnswered(): boolean;
  /** Whether the gateway sends nothing more. */
  isEnded(): boolean;
}

function overHttp1(port: number, { number, toFunction, early }: Plan): Client {
  const asking = `GET /app/hello/${number} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`;
  const client = rawClient(port, "", true);
  let ended = false;
  client.socket.on("end", () => (ended = true));
  client.socket.write(Buffer.concat([Buffer.from(asking), ...toFunction.slice(0, early)]));
  const headEnd = () => client.text.indexOf("\r\n\r\n");
  return {
    write: (data) => void (client.closed || client.socket.write(data)),
    end: () => void client.socket.end(),
    reset: () => void client.socket.resetAndDestroy(),
    got: () =>
      client.text.startsWith("HTTP/1.1 101 ") && headEnd() > 0 ? Buffer.from(client.text.slice(headEnd() + 4), "latin1") : undefined,
    isAnswered: () => headEnd() > 0,
    isEnded: () => ended || client.closed,
  };
}

function overHttp2(session: ClientHttp2Session, { number }: Plan): Client {
  const asking = { ":method": "CONNECT", ":protocol": "websocket", ":scheme": "http", ":authority": "h", ":path": `/app/hello/${number}` };
  const stream = session.request(asking);
  const seen = { status: 0, body: [] as Buffer[], isEnded: false };
  stream.on("error", () => {});
  stream.on("response", (headers) => (seen.status = Number(headers[":status"])));
  stream.on("data", (chunk: Buffer) => seen.body.push(chunk));
  stream.on("end", () => (seen.isEnded = true));
  stream.on("close", () => (seen.isEnded = true));
  return {
    write: (data) => void (stream.writable && stream.write(data)),
    end: () => void stream.end(),
    reset: () => stream.close(8),
    got: () => (seen.status === 200 ? Buffer.concat(seen.body) : undefined),
    isAnswered: () => seen.status !== 0,
    isEnded: () => seen.isEnded,
  };
}

/** Those whose function has said its last word. */
const finished = new Set<Seen>();

/** Returns when the function has done what it was to do, or nobody listens any more. */
async function behave({ answer, toClient, functionEnds, isSlow }: Plan, seen: Seen): Promise<void> {
  const { reply } = seen;
  seen.takes = !isSlow;
  await pause(0);
  if (answer === "says nothing" || seen.aborted) return;
  if (answer !== "agrees" || functionEnds !== "not") finished.add(seen);
  if (answer === "fails") return reply.fail("machine-died", { reason: "it crashed" });
  if (answer === "refuses") return reply.head(403, [], Buffer.from("no"), true, timing);
  reply.head(101, [], Buffer.alloc(0), false, timing);
  let sent = 0;
  for (const piece of toClient) {
    for (let at = 0; at < piece.length; at += CREDIT / 2) {
      const part = piece.subarray(at, at + CREDIT / 2);
      await until(() => seen.aborted || sent + part.length - seen.consumed <= CREDIT);
      if (seen.aborted) return;
      reply.data(part);
      sent += part.length;
    }
  }
  if (functionEnds === "by its end") reply.end();
  else if (functionEnds === "by a failure") reply.fail("connection-drained", {});
}

/** What the client must have got if it did not break off. */
function expected({ toClient, functionEnds, isCut }: Plan): Buffer {
  const close = functionEnds === "by a failure" && !isCut ? [closeFrame(1_012, "connection-drained")] : [];
  return Buffer.concat([...toClient, ...close]);
}

/** A plan in words, for a failure. */
function told({ number, overHttp2, functionEnds, clientEnds, isSlow, toClient, early, toFunction }: Plan): string {
  const sizes = [toClient, toFunction].map((pieces) => pieces.map(({ length }) => length).join(" "));
  const ends = `the function ends ${functionEnds}, the client ${clientEnds}`;
  return `${number} over HTTP/${overHttp2 ? 2 : 1}, ${ends}, ${isSlow ? "slow" : "quick"}, to the client ${sizes[0]}, to the function ${early} early of ${sizes[1]}`;
}

async function run(plan: Plan, client: Client, of: (number: number) => Seen | undefined): Promise<void> {
  await until(() => of(plan.number) !== undefined);
  const seen = of(plan.number)!;
  const behaved = behave(plan, seen);
  if (plan.answer !== "says nothing") await until(() => client.isAnswered() || client.isEnded());
  for (const piece of plan.toFunction.slice(plan.early)) {
    client.write(piece);
    if (plan.isSlow) seen.reply.drain?.();
    await pause(0);
  }
  if (plan.answer !== "agrees" || plan.clientEnds === "by a reset") client.reset();
  else if (plan.clientEnds === "by its end") client.end();
  const drain = async () => {
    while (!seen.aborted && !client.isEnded() && !seen.bodyEnded) {
      seen.reply.drain?.();
      await pause(1);
    }
  };
  if (plan.isSlow) await drain();
  await behaved;
  const given = Buffer.concat(seen.body);
  assert.ok(Buffer.concat(plan.toFunction).subarray(0, given.length).equals(given), `${plan.number}: the function got other bytes`);
  if (plan.answer !== "agrees") return assert.equal(client.got(), undefined, String(plan.number));
  if (plan.clientEnds === "by a reset") {
    await until(() => seen.aborted || plan.functionEnds !== "not");
    const got = client.got() ?? Buffer.alloc(0);
    return assert.ok(expected(plan).subarray(0, got.length).equals(got), `${plan.number}: the client got other bytes`);
  }
  if (plan.functionEnds === "not") {
    await until(() => seen.bodyEnded);
    assert.ok(Buffer.concat(seen.body).equals(Buffer.concat(plan.toFunction)), `${plan.number}: the function lacks bytes`);
    finished.add(seen);
    seen.reply.end();
  }
  await until(() => client.isEnded());
  const got = client.got() ?? Buffer.alloc(0);
  assert.ok(got.equals(expected(plan)), `${told(plan)}: the client got ${got.length} bytes of ${expected(plan).length}`);
  client.end();
}

test(`WebSockets carry what their sides send, however these behave (seed ${seed})`, { timeout: 300_000 }, async (context) => {
  const random = new Random(seed);
  const byPath = new Map<string, Seen>();
  await using open = await openTestGateway(
    (seen) => {
      if (seen.request.input.kind === "upgrade") byPath.set(new URL(seen.input.url).pathname, seen);
      else replyText(seen, "beside");
    },
    // Room for those of a round, and of the one before it that are being closed. If any stayed counted, later rounds would have none.
    { webSockets: { mostOfApp: 2 * AT_ONCE } },
  );
  let agreed = 0;
  for (let first = 0; first < clientsToTry; first += AT_ONCE) {
    // All plans are drawn before the first await, so that the seed alone determines them.
    const plans = Array.from({ length: AT_ONCE }, (_, at) => draw(first + at, random));
    agreed += plans.filter(({ answer }) => answer === "agrees").length;
    const session = await openSession(open.url);
    const of = (number: number) => byPath.get(`/${number}`);
    await Promise.all(plans.map((plan) => run(plan, plan.overHttp2 ? overHttp2(session, plan) : overHttp1(open.port, plan), of)));
    assert.equal(await (await fetch(`${open.url}/app/hello`)).text(), "beside");
    session.destroy();
  }
  await until(() => [...byPath.values()].every((seen) => seen.aborted || finished.has(seen)));
  context.diagnostic(`${clientsToTry} clients, ${agreed} agreements`);
});

async function openSession(url: string): Promise<ClientHttp2Session> {
  const session = connectH2(url);
  session.on("error", () => {});
  await until(() => session.remoteSettings?.enableConnectProtocol === true);
  return session;
}
