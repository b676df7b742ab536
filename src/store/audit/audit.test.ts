import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { FakeClock } from "../../dispatch/testing/fake-clock.ts";
import type { Audit, AuditLine } from "./audit.ts";
import { openAudit } from "./open-audit.ts";

const BYTES = 20_000;
let dir: string;
let clock: FakeClock;
let audit: Audit;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mayfly-audit-"));
  clock = new FakeClock();
  audit = open();
});
afterEach(() => {
  audit.close();
  rmSync(dir, { recursive: true });
});

function open(): Audit {
  return openAudit(dir, { clock, bytes: BYTES, onFailure: assert.ifError });
}

function line(at: number, more: Partial<AuditLine> = {}): AuditLine {
  const who = { principal: "ada", of: "acme", role: "deployer", address: "192.0.2.1" };
  return { at, ...who, action: "deploy", tenant: "acme", target: "shop", result: "ok", status: 201, ...more };
}

const everything = { tail: 1_000_000 };

test("a line is there as soon as it was written, also after a restart, for its tenant and the operator alone", async () => {
  audit.write("ten_acme", line(1));
  audit.write("ten_other", line(2, { of: "other" }));
  audit.write(null, line(3, { of: null }));
  for (let start = 0; start < 2; start++) {
    assert.deepEqual(await audit.read("ten_acme", everything), [line(1)]);
    assert.deepEqual(await audit.read("ten_nobody", everything), []);
    assert.deepEqual(
      (await audit.read(undefined, everything)).map(({ at }) => at),
      [1, 2, 3],
    );
    audit.close();
    audit = open();
  }
});

test("the newest lines are given, oldest first, and none that is older than asked for", async () => {
  for (let at = 1; at <= 10; at++) audit.write(at % 2 === 0 ? "ten_acme" : null, line(at));
  const ats = async (query: Parameters<Audit["read"]>[1]) => (await audit.read(undefined, query)).map(({ at }) => at);
  assert.deepEqual(await ats({ tail: 3 }), [8, 9, 10]);
  assert.deepEqual(await ats({ tail: 100, since: 9 }), [9, 10]);
});

test("lines are found by a text in them, and read page after page, none twice and none left out", async () => {
  // Several have the same time.
  for (let at = 1; at <= 20; at++)
    audit.write("ten_acme", line(Math.ceil(at / 3), { target: `shop-${at}`, action: at === 7 ? "removeApp" : "deploy" }), at % 2 === 0);
  const pages: AuditLine[][] = [];
  for (let before = Infinity; pages.at(-1)?.length !== 0; before = pages.at(-1)?.[0]?.at ?? 0)
    pages.push(await audit.read("ten_acme", { tail: 4, before }));
  assert.deepEqual(
    pages
      .flat()
      .map(({ target }) => target)
      .toSorted(),
    Array.from({ length: 20 }, (_, at) => `shop-${at + 1}`).toSorted(),
  );
  const found = async (search: string) => (await audit.read("ten_acme", { ...everything, search })).map(({ target }) => target);
  assert.deepEqual(await found("REMOVEapp"), ["shop-7"]);
  assert.deepEqual(await found("shop-20"), ["shop-20"]);
  // The names of the keys are no values.
  assert.deepEqual(await found("principal"), []);
});

test("a tenant that calls without end overwrites its own past, and nobody else's", async () => {
  audit.write("ten_acme", line(1));
  for (let at = 2; at < 2_000; at++) audit.write("ten_other", line(at));
  assert.deepEqual(await audit.read("ten_acme", everything), [line(1)]);
  const left = await audit.read("ten_other", everything);
  assert.ok(left.length > 20 && left.length < 2_000, `${left.length} lines`);
  assert.equal(left.at(-1)?.at, 1_999);
  const sizes = readdirSync(dir).map((name) => statSync(join(dir, name)).size);
  assert.ok(
    sizes.every((size) => size <= BYTES / 4),
    `${sizes.join()} bytes`,
  );
});

test("calls that only read overwrite nothing of what was changed", async () => {
  audit.write("ten_acme", line(1));
  for (let at = 2; at < 2_000; at++) audit.write("ten_acme", line(at), true);
  const lines = await audit.read("ten_acme", everything);
  assert.deepEqual([lines[0]?.at, lines.at(-1)?.at], [1, 1_999]);
});

test("a follower gets the lines of its tenant as they are written, until it stops", () => {
  const seen: number[] = [];
  const stop = audit.follow("ten_acme", ({ at }) => seen.push(at));
  audit.write("ten_acme", line(1));
  audit.write("ten_other", line(2));
  audit.write(null, line(3));
  stop();
  audit.write("ten_acme", line(4));
  assert.deepEqual(seen, [1]);
});

test("calls without a valid token are counted when they are many, so that they overwrite nothing", async () => {
  audit.write(null, line(1));
  const refusal = { principal: null, of: null, role: null, result: "unauthorized", status: 401 };
  for (let call = 0; call < 5_000; call++) audit.write(null, line(2, refusal));
  await clock.advance(60_000);
  const lines = await audit.read(undefined, everything);
  assert.equal(lines.length, 22);
  assert.equal(lines[0]?.principal, "ada");
  assert.equal(lines.at(-1)?.calls, 4_980);
});

test("names with line ends, quotes and control characters stay within their line", async () => {
  const names = ['shop"}\n{"at":9,"principal":"operator"', "a\r\nb", "\u001b[2J", "\u2028", "\0", "x".repeat(300), "{}"];
  for (const [at, target] of names.entries()) audit.write("ten_acme", line(at, { target }));
  assert.deepEqual(
    (await audit.read("ten_acme", everything)).map(({ target }) => target),
    names,
  );
  assert.equal(readFileSync(join(dir, "ten_acme.jsonl"), "utf8").split("\n").length, names.length + 1);
});

test("half a line of a power cut costs no other line", async () => {
  audit.write("ten_acme", line(1));
  audit.close();
  appendFileSync(join(dir, "ten_acme.jsonl"), '{"at":2,"princ');
  audit = open();
  audit.write("ten_acme", line(3));
  assert.deepEqual(
    (await audit.read("ten_acme", everything)).map(({ at }) => at),
    [1, 3],
  );
});

test("what is left of removed tenants is bounded, and nothing of a tenant that exists goes", () => {
  for (let tenant = 0; tenant < 130; tenant++) audit.write(`ten_${tenant}`, line(tenant));
  audit.write(null, line(1));
  audit.forget((tenant) => tenant === "ten_0");
  const left = readdirSync(dir);
  assert.equal(left.length, 102);
  assert.ok(left.includes("ten_0.jsonl") && left.includes("server.jsonl"));
});

test("only the owner of the state folder can read the log", () => {
  audit.write(null, line(1));
  assert.equal(statSync(join(dir, "server.jsonl")).mode & 0o777, 0o600);
});

test("what a session reads again and again has a line for the first time, and then one each quarter of an hour with how many there were", async () => {
  const read = (action: string, more: Partial<AuditLine> = {}) => line(clock.wall(), { action, status: 200, ...more });
  const poll = (reader: string, more: Partial<AuditLine> = {}) => audit.write("ten_acme", read("apps", more), true, reader);
  const told = async () =>
    (await audit.read("ten_acme", everything)).map(({ action, result, calls }) =>
      calls === undefined ? [action, result] : [action, result, calls],
    );
  for (let time = 0; time < 100; time++) poll("one");
  assert.deepEqual(await told(), [["apps", "ok"]]);
  // Others, what is refused, what changes something, and reads of no session are told each time.
  poll("two");
  for (let time = 0; time < 2; time++) {
    poll("one", { target: `app-${time}` });
    poll("one", { target: "mine", result: "forbidden", status: 403 });
    audit.write("ten_acme", read("removeApp"), false, "one");
    audit.write("ten_acme", read("bill"), true);
  }
  assert.equal((await told()).length, 10);
  await clock.advance(900_000);
  assert.deepEqual((await told()).slice(10), [["apps", "ok", 99]]);
  // It goes on to be summed up, and what is not read for so long begins anew.
  for (let time = 0; time < 3; time++) poll("one");
  await clock.advance(900_000);
  await clock.advance(900_000);
  poll("one");
  assert.deepEqual((await told()).slice(11), [
    ["apps", "ok", 3],
    ["apps", "ok"],
  ]);
  // A server that stops loses none.
  poll("one");
  poll("one");
  audit.close();
  audit = open();
  assert.deepEqual((await told()).at(-1), ["apps", "ok", 2]);
});
