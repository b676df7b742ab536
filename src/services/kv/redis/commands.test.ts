/** Commands on stores in memory: against a model, and what they leave behind. What each command answers is tested by a client at the door. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random, seedOf } from "../../../base/testing/random.ts";
import { InlineCommit } from "../../../store/group-commit/testing/inline-commit.ts";
import { SqliteKeyValues } from "../sqlite-key-values.ts";
import { engine, type KvOperations } from "../store/engine.ts";
import { type ReadOperations, readOperations } from "../store/read.ts";
import type { Reply } from "./commands.ts";
import { SqliteCommands } from "./sqlite-commands.ts";

const seed = seedOf();
const store = { tenant: "t1", app: "app_1", name: "main" };

function open(most = { entries: 1e9, bytes: 1e12 }) {
  const commit = new InlineCommit<KvOperations & ReadOperations>({
    ...engine,
    operations: (db: InlineCommit<KvOperations>["db"]) => ({ ...engine.operations(db), ...readOperations(db) }),
  });
  const world = { now: 1_800_000_000_000 };
  const used = { reads: 0, writes: 0 };
  const parts = { commit, reads: commit, most: () => ({ app: most, tenant: most }), now: () => world.now };
  const kv = new SqliteKeyValues(parts);
  const commands = new SqliteCommands({
    ...parts,
    used: (_app, use) => void ("reads" in use ? (used.reads += use.reads) : (used.writes += use.writes)),
    changed: (at, sweepAt) => kv.changed(at, sweepAt),
  });
  const step = (lines: string[], more: object = {}) =>
    commands.run(store, {
      commands: lines.map((line) => {
        const [name, ...args] = line.split(" ");
        return { name: name!, args: args.map((arg) => Buffer.from(arg)) };
      }),
      mostReply: 1_000_000,
      ...more,
    });
  const run = async (line: string): Promise<unknown> => shown((await step([line])).replies[0]!);
  const count = (table: string) => Number(commit.db.prepare(`SELECT count(*) AS count FROM ${table}`).get()!["count"]);
  const usage = () => ({ ...commit.db.prepare("SELECT entries, bytes FROM usage WHERE owner = 'app_1'").get() });
  return Object.assign(world, { kv, commands, used, step, run, count, usage, db: commit.db });
}

function shown(reply: Reply): unknown {
  if (reply instanceof Uint8Array) return Buffer.from(reply).toString();
  if (Array.isArray(reply)) return reply.map(shown);
  if (typeof reply !== "object" || reply === null) return reply;
  if ("members" in reply) return reply.members.map((member) => String(shown(member))).toSorted();
  if ("pairs" in reply) return reply.pairs.map(shown);
  return "status" in reply ? reply.status : "error" in reply ? reply.error : null;
}

test(`a list is what the same list in memory is, whatever is done to it, and its sums are right (seed ${seed})`, async () => {
  const random = new Random(seed);
  const { run, db, usage } = open();
  let model: string[] = [];
  const value = () => `v${random.below(6)}`;
  const index = () => random.below(30) - 12;
  const slice = (from: number, to: number) => {
    const [start, end] = [from < 0 ? Math.max(0, model.length + from) : from, to < 0 ? model.length + to : to];
    return end < start ? [] : model.slice(start, end + 1);
  };
  for (let round = 0; round < 1_500; round++) {
    const [what, one, at, to] = [random.below(9), value(), index(), index()];
    if (what <= 1) assert.equal(await run(`RPUSH l ${one} x`), model.push(one, "x"));
    else if (what === 2) assert.equal(await run(`LPUSH l ${one}`), model.unshift(one));
    else if (what === 3) assert.equal(await run("LPOP l"), model.shift() ?? null);
    else if (what === 4) assert.equal(await run("RPOP l"), model.pop() ?? null);
    else if (what === 5) {
      const place = model.indexOf(one);
      if (place !== -1) model.splice(place + 1, 0, "in");
      assert.equal(await run(`LINSERT l AFTER ${one} in`), place === -1 ? (model.length === 0 ? 0 : -1) : model.length);
    } else if (what === 6) {
      const places = model.flatMap((each, place) => (each === one ? [place] : []));
      const gone = new Set(at === 0 ? places : at > 0 ? places.slice(0, at) : places.slice(at));
      model = model.filter((_each, place) => !gone.has(place));
      assert.equal(await run(`LREM l ${at} ${one}`), gone.size);
    } else if (what === 7 && random.chance(0.3)) {
      model = slice(at, to);
      await run(`LTRIM l ${at} ${to}`);
    } else assert.deepEqual(await run(`LRANGE l ${at} ${to}`), slice(at, to));
    assert.equal(await run("LLEN l"), model.length);
    assert.equal(await run("EXISTS l"), model.length === 0 ? 0 : 1);
  }
  await run("RPUSH l last");
  model.push("last");
  assert.deepEqual(await run("LRANGE l 0 -1"), model);
  const bytes = model.reduce((sum, each) => sum + each.length, 0);
  assert.deepEqual(usage(), { entries: model.length + 1, bytes: bytes + 1 });
  assert.deepEqual(
    { ...db.prepare("SELECT entries, members, bytes FROM stores").get() },
    { entries: 1, members: model.length, bytes: bytes + 1 },
  );
});

test(`hashes and sets are what the same maps in memory are, and sums are right, whatever is written over them (seed ${seed})`, async () => {
  const random = new Random(seed);
  const { kv, run, count, usage } = open();
  const model = new Map<string, Map<string, string> | string>();
  const mapAt = (key: string) => (model.get(key) ?? new Map()) as Map<string, string>;
  for (let round = 0; round < 1_500; round++) {
    const [what, key, field, value] = [random.below(8), `k${random.below(4)}`, `f${random.below(20)}`, "x".repeat(random.below(9))];
    const isText = typeof model.get(key) === "string";
    if (what === 0) {
      await run(`SET ${key} ${value}`);
      model.set(key, value);
    } else if (what === 1) assert.equal(await run(`DEL ${key}`), model.delete(key) ? 1 : 0);
    else if (what === 2 && random.chance(0.2)) {
      await kv.write(store, [{ kind: "put", key, value: Buffer.from(value) }]);
      model.set(key, value);
    } else if (isText) assert.match(String(await run(`HSET ${key} a b`)), /^WRONGTYPE/);
    else if (what <= 5) {
      const map = mapAt(key);
      assert.equal(await run(`HSET ${key} ${field} ${value}`), map.has(field) ? 0 : 1);
      model.set(key, map.set(field, value));
    } else {
      const map = mapAt(key);
      assert.equal(await run(`HDEL ${key} ${field}`), map.delete(field) ? 1 : 0);
      if (map.size === 0) model.delete(key);
    }
    assert.equal(await run("DBSIZE"), model.size);
  }
  for (const [key, value] of model) {
    if (typeof value === "string") assert.equal(await run(`GET ${key}`), value);
    else assert.deepEqual(new Map(pairsOf((await run(`HGETALL ${key}`)) as string[])), value);
  }
  const maps = [...model.values()].filter((value) => typeof value !== "string");
  const members = maps.reduce((sum, { size }) => sum + size, 0);
  const bytes = [...model].reduce((sum, [key, value]) => sum + key.length + (typeof value === "string" ? value.length : sizeOf(value)), 0);
  assert.deepEqual(usage(), { entries: model.size + members, bytes });
  await kv.sweep();
  assert.deepEqual([count("structures"), count("members")], [maps.length, members]);
});

function pairsOf(list: string[]): [string, string][] {
  return Array.from({ length: list.length / 2 }, (_, at) => [list[2 * at]!, list[2 * at + 1]!]);
}

function sizeOf(map: ReadonlyMap<string, string>): number {
  return [...map].reduce((sum, [field, value]) => sum + field.length + value.length, 0);
}

test("what has expired, was removed or was flushed is out of sight at once, and out of the file after a sweep", async () => {
  const world = open();
  const { run, kv, count, usage } = world;
  const many = Array.from({ length: 5_000 }, (_, at) => `m${at}`).join(" ");
  await run(`SADD gone ${many}`);
  await run(`RPUSH old ${many}`);
  await run("PEXPIRE old 1000");
  await run("SET text x");
  world.now += 1_000;
  assert.deepEqual([await run("EXISTS old"), await run("TTL old"), await run("LLEN old")], [0, -2, 0]);
  assert.equal(await run("DEL gone"), 1);
  await kv.sweep();
  assert.deepEqual([count("members"), count("items"), count("structures"), usage()], [0, 0, 0, { entries: 1, bytes: 5 }]);
  await run(`SADD again ${many}`);
  const [before] = await kv.stores("app_1");
  await run("FLUSHDB");
  assert.deepEqual([await run("DBSIZE"), await run("EXISTS text again"), usage()], [0, 0, { entries: 0, bytes: 0 }]);
  const [after] = await kv.stores("app_1");
  assert.ok(after!.version > before!.version, "versions go on");
  await run("SET text new");
  world.now += 60_000;
  await kv.sweep();
  assert.deepEqual([count("entries"), count("members"), count("structures"), count("stores")], [1, 0, 0, 1]);
  assert.equal(await run("GET text"), "new");
});

test("what an app has goes with it, members and items included", async () => {
  const { run, kv, count, usage } = open();
  await run("HSET h a 1 b 2");
  await run("RPUSH l 1 2 3");
  await run("SET t x");
  await kv.removeApp("app_1");
  await kv.sweep();
  assert.deepEqual(usage(), { entries: 0, bytes: 0 });
  for (const table of ["stores", "entries", "structures", "members", "items"]) assert.equal(count(table), 0, table);
});

test("who watches a store that was flushed is told that changes are lost", async () => {
  const { run, kv } = open();
  await run("SET a 1");
  await run("FLUSHALL");
  const changes = kv.watch(store, { since: 1, signal: new AbortController().signal })[Symbol.asyncIterator]();
  await assert.rejects(changes.next(), { code: "kv-changes-lost" });
});

test("a command that is refused has done nothing, and those beside it are done", async () => {
  const { step, run, usage } = open({ entries: 4, bytes: 1e6 });
  const { replies } = await step(["SET a 1", "SADD s 1 2 3 4 5", "SET b 1", "LPUSH a x", "SADD s 1"]);
  assert.deepEqual(
    replies.map(shown).map((reply) => String(reply).slice(0, 9)),
    ["OK", "OOM The a", "OK", "WRONGTYPE", "1"],
  );
  assert.deepEqual([await run("EXISTS s"), usage()], [1, { entries: 4, bytes: 6 }]);
  assert.deepEqual(await run("SMEMBERS s"), ["1"]);
});

test("a whole step is carried out whole, or not at all: if a watched key has changed, or its replies would be too large", async () => {
  const { step, run, commands } = open();
  await run("SET a 1");
  const [version] = await commands.versions(store, [Buffer.from("a")]);
  await run("SET a 2");
  const watched = [{ key: Buffer.from("a"), version: version! }];
  const stale = await step(["SET b 1"], { isWhole: true, watched });
  assert.deepEqual([stale.isStale, stale.replies, await run("EXISTS b")], [true, [], 0]);
  const large = await step(["RPUSH l 1", "LRANGE l 0 -1", "SET b 1"], { isWhole: true, mostReply: 10 });
  assert.deepEqual([large.isLarge, large.replies, large.pushed, await run("EXISTS b l")], [true, [], [], 0]);
  const parts = await step(["SET b 1", "GET a", "GET b"], { mostReply: 20 });
  assert.deepEqual([parts.replies.map(shown), parts.isLarge], [["OK", "2"], false]);
  const first = await step(["GETDEL a"], { mostReply: 5 });
  assert.deepEqual([first.replies, first.isLarge, await run("GET a")], [[], true, "2"]);
});

test("work is bounded: what would look through, move or remove too much is refused", async () => {
  const { run } = open();
  const items = Array.from({ length: 20_000 }, (_, at) => `i${at}`).join(" ");
  for (let round = 0; round < 3; round++) await run(`RPUSH l ${items}`);
  for (const line of ["LREM l 0 i1", "LINSERT l BEFORE i1 x", "LPOS l i1", "LTRIM l 55000 -1", "LPOP l 60000"])
    assert.match(String(await run(line)), /^ERR a command may look through, move or remove at most 50000 items/, line);
  assert.equal(await run("LTRIM l 1000 -1000"), "OK");
  assert.equal(await run("LLEN l"), 58_001);
  assert.equal(await run("LTRIM l 1 0"), "OK");
  assert.match(String(await run(`KEYS ${"*a".repeat(200)}`)), /pattern must have at most 256 bytes/);
  assert.match(String(await run(`GET ${"k".repeat(513)}`)), /^ERR a key must have/);
});

test("what was read and written is counted", async () => {
  const { run, used } = open();
  await run("HSET h a 1 b 2");
  await run("HGETALL h");
  await run("GET none");
  assert.deepEqual(used, { reads: 3, writes: 3 });
});
