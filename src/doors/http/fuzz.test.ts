/**
 * Sends all sorts of bytes to a real gateway over real sockets: valid requests that are pipelined, split and cut off, and broken ones. The
 * seed is printed; MAYFLY_SEED repeats a run, MAYFLY_FUZZ_CLIENTS changes its length.
 *
 * What must hold: the gateway stays up and answers others. A valid client gets all its replies in order. A broken client gets complete
 * replies of the function or of the error table, each to its own bytes, or its connection is closed. No call is left behind.
 */
import { test } from "node:test";
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { type ErrorCode, errorTable } from "../../base/errors/table.ts";
import { Random, seedOf } from "../../base/testing/random.ts";
import { broken, repliesIn, type Reply, soundConversation } from "./fuzz-input.ts";
import { until } from "../../base/clock/until.ts";
import { openTestGateway, rawClient, type Seen, timing } from "./testing/test-gateway.ts";

const seed = seedOf();
const clientsToTry = Number(process.env.MAYFLY_FUZZ_CLIENTS ?? 1_000);
const AT_ONCE = 50;

interface Tally {
  sound: number;
  broken: number;
  replies: number;
  codes: Map<string, number>;
}

test(`the gateway survives hostile clients (seed ${seed})`, { timeout: 300_000 }, async (context) => {
  const random = new Random(seed);
  const tally: Tally = { sound: 0, broken: 0, replies: 0, codes: new Map() };
  const answered = new Set<Seen>();
  await using open = await openTestGateway((call) => replyLater(call, answered), { limits: { headMs: 60_000, lingerMs: 100 } });
  for (let first = 0; first < clientsToTry; first += AT_ONCE) {
    // All clients are drawn before the first await, so that the seed alone determines what is sent.
    const clients = Array.from({ length: AT_ONCE }, (_, at) => drawClient(first + at, random));
    await Promise.all(clients.map((client) => client(open.port, tally)));
    assert.equal((await fetch(`${open.url}/_mayfly/health`)).status, 200);
  }
  await until(() => open.invocations.every((call) => call.aborted || answered.has(call)));
  const codes = [...tally.codes].map(([code, count]) => `${count} ${code}`).toSorted();
  context.diagnostic(
    `${tally.sound} sound, ${tally.broken} broken, ${open.invocations.length} calls, ${tally.replies} replies; ${codes.join(", ")}`,
  );
  assert.ok(tally.sound > clientsToTry / 10, "the input must also keep to the rules");
  assert.ok(tally.codes.size >= 3, "many rules must be broken");
});

/** Replies with the number in the path and the size of the received body. */
function replyLater(call: Seen, answered: Set<Seen>): void {
  const look = () => {
    if (call.aborted) return;
    if (call.request.body !== null && !call.bodyEnded) {
      setTimeout(look, 1);
      return;
    }
    answered.add(call);
    // As it was sent: new URL() would write a character such as `"` in another way.
    const [, path = ""] = /^https?:\/\/[^/?]*\/?([^?]*)/s.exec(call.input.url) ?? [];
    const text = `${path}:${Buffer.concat(call.body).length}`;
    call.reply.head(200, [], Buffer.from(text), true, timing);
  };
  setImmediate(look);
}

function drawClient(number: number, random: Random): (port: number, tally: Tally) => Promise<void> {
  const { bytes, expected } = soundConversation(number, random);
  const sound = random.chance(0.3);
  const sent = sound ? bytes : broken(bytes, random);
  const pieces = piecesOf(sent, random);
  return sound ? (port, tally) => soundClient(port, pieces, expected, tally) : (port, tally) => brokenClient(port, pieces, sent, tally);
}

function piecesOf(bytes: Buffer, random: Random): Buffer[] {
  const pieces: Buffer[] = [];
  const small = random.chance(0.4);
  for (let at = 0; at < bytes.length;) {
    const length = small ? 1 + random.below(400) : bytes.length;
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

async function soundClient(port: number, pieces: Buffer[], expected: string[], tally: Tally): Promise<void> {
  const client = rawClient(port);
  await send(client, pieces);
  await until(() => client.closed || repliesIn(client.text).length >= expected.length);
  client.socket.destroy();
  assert.deepEqual(repliesIn(client.text).map(said), expected);
  tally.sound += 1;
}

async function brokenClient(port: number, pieces: Buffer[], sent: Buffer, tally: Tally): Promise<void> {
  const client = rawClient(port);
  await send(client, pieces);
  // A broken client's number of replies is unknown, so the client leaves when no more arrive. No assertion depends on how long that takes.
  for (let quiet = 0, before = 0; !client.closed && quiet < 6; before = client.text.length) {
    await pause(25);
    quiet = before === client.text.length ? quiet + 1 : 0;
  }
  client.socket.destroy();
  for (const reply of repliesIn(client.text)) check(reply, sent, tally);
  tally.broken += 1;
}

async function send(client: ReturnType<typeof rawClient>, pieces: Buffer[]): Promise<void> {
  for (const piece of pieces) {
    if (client.closed) return;
    client.socket.write(piece);
    if (pieces.length > 1) await new Promise((resolve) => setImmediate(resolve));
  }
}

function check(reply: Reply, sent: Buffer, tally: Tally): void {
  tally.replies += 1;
  if (reply.status === 200) {
    if (reply.body === '{"status":"ok"}\n') return;
    const path = /^(.*):\d+$/s.exec(reply.body)?.[1];
    assert.ok(path !== undefined && sent.includes(path), `${reply.body.slice(0, 100)} was said to a client that did not ask`);
    return;
  }
  const code = said(reply) as ErrorCode;
  assert.equal(errorTable[code].status, reply.status, reply.body);
  tally.codes.set(code, (tally.codes.get(code) ?? 0) + 1);
}

function said({ status, body }: Reply): string {
  return status === 200 ? body : (JSON.parse(body) as { error: { code: string } }).error.code;
}
