/** Bodies of any size cross in both directions, no faster than they are taken, and hold back nothing but themselves. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { INITIAL_CREDIT } from "../../wire/protocol.ts";
import type { AgentAdapter } from "./adapter.ts";
import { event, type Session, sharedSession, to } from "./session.ts";

const BIG = 5_000_000;

export function describeFlowControl(adapter: AgentAdapter): void {
  const session = sharedSession(adapter, ["echo", "same", "large", "streams", "gate"]);

  test("a body that is larger than all windows goes in and comes back", async () => {
    const body = Buffer.alloc(BIG, "0123456789abcdef");
    const reply = await session().call({ ...to("echo"), method: "POST", headers: ["content-type", "text/plain"], body });
    assert.deepEqual([reply.body.length, hash(reply.body)], [BIG, hash(body)]);
  });

  test("replies of every size around the borders of frames and windows arrive whole", async () => {
    for (const bytes of [0, 1, 65_000, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073, 200_000]) {
      const reply = await session().call(to("large", { bytes }));
      assert.deepEqual([reply.status, reply.body.equals(Buffer.alloc(bytes, "x"))], [200, true], String(bytes));
    }
  });

  test("a streamed reply's pieces arrive in their order", async () => {
    for (const [chunks, bytes] of [
      [0, 0],
      [1, 1],
      [30, 10],
      [60, 30_000],
      [3, 200_000],
    ] as const) {
      const reply = await session().call(to("streams", { chunks, bytes }));
      assert.equal(reply.status, 200);
      assert.ok(reply.text === letters(chunks, bytes), `${chunks} × ${bytes}`);
    }
  });

  test("a piece is there as soon as it is written, not when the handler ends", async () => {
    const got: string[] = [];
    const first = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    const take = (chunk: Buffer) => {
      got.push(chunk.toString());
      request.consumed(chunk.length);
      if (got.join("") === "first") first.resolve();
    };
    const request = session().open(
      { head: (_status, _headers, body) => take(body), data: take, closed: () => closed.resolve() },
      to("gate"),
    );
    await first.promise;
    assert.equal((await session().call({ ...to("gate"), url: "http://localhost/open" })).text, "opened");
    await closed.promise;
    assert.equal(got.join(""), "firstsecond");
  });

  for (const [name, parameters] of [
    ["large", { bytes: BIG }],
    ["streams", { chunks: BIG / 10_000, bytes: 10_000 }],
  ] as const)
    test(`a reader that takes nothing gets one window of ${name}, holds back nobody else, and gets the rest when it reads on`, async () => {
      const slow = openSlowly(session(), to(name, parameters));
      while (slow.got() < INITIAL_CREDIT) await session().host.ping();
      for (let time = 0; time < 5; time++) assert.equal((await session().call(to("large", { bytes: 300_000 }))).body.length, 300_000);
      assert.equal(slow.got(), INITIAL_CREDIT);
      slow.readOn();
      await slow.closed;
      assert.equal(slow.got(), BIG);
    });

  test("many large bodies at once, both ways, arrive each as its own", async () => {
    const bodies = Array.from({ length: 12 }, (_, at) => JSON.stringify(String.fromCodePoint(97 + at).repeat(400_000)));
    const replies = await Promise.all(bodies.map((body) => session().call(event("same", body))));
    for (const [at, { text }] of replies.entries()) assert.ok(text === bodies[at], String(at));
  });
}

/** Takes nothing of the reply until readOn(). */
function openSlowly(session: Session, call: object) {
  const closed = Promise.withResolvers<void>();
  let [got, untaken, reads] = [0, 0, false];
  const take = (chunk: Buffer) => {
    got += chunk.length;
    if (reads) request.consumed(chunk.length);
    else untaken += chunk.length;
  };
  const request = session.open({ head: (_status, _headers, body) => take(body), data: take, closed: () => closed.resolve() }, call);
  const readOn = () => {
    reads = true;
    request.consumed(untaken);
  };
  return { got: () => got, readOn, closed: closed.promise };
}

function letters(chunks: number, bytes: number): string {
  return Array.from({ length: chunks }, (_, at) => String.fromCodePoint(97 + (at % 26)).repeat(bytes)).join("");
}

function hash(body: Buffer): string {
  return createHash("sha256").update(body).digest("hex");
}
