/** What every implementation of key-value stores must do. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Random, seedOf } from "../../../base/testing/random.ts";
import type { Change, KeyValues, KvLimits, Store, Write } from "../kv.ts";

export interface KvWorld {
  kv: KeyValues;
  /** Wall clock, ms. Changed by tests. */
  now: number;
  /** Removes what has expired. */
  sweep(): Promise<void>;
}

export interface KvSubject {
  name: string;
  /** @param most of an app; a tenant may have twice that. Absent: no test meets it */
  open: (most?: KvLimits) => Promise<KvWorld> | KvWorld;
}

const store: Store = { tenant: "t1", app: "a1", name: "main" };
const put = (key: string, value: string, more: object = {}): Write => ({ kind: "put", key, value: Buffer.from(value), ...more });
const remove = (key: string, more: object = {}): Write => ({ kind: "remove", key, ...more });
const add = (key: string, by: number, more: object = {}): Write => ({ kind: "add", key, by, ...more });

async function textOf(kv: KeyValues, key: string, of = store): Promise<string | null> {
  const entry = await kv.get(of, key);
  return entry === null ? null : Buffer.from(entry.value!).toString();
}

async function keysOf(kv: KeyValues, prefix = "", most = 1_000): Promise<string[]> {
  const keys: string[] = [];
  for (let after: string | null | undefined; after !== null;) {
    const page = await kv.list(store, { prefix, most, ...(after !== undefined && { after }) });
    assert.ok(page.keys.length <= most);
    keys.push(...page.keys.map(({ key }) => key));
    after = page.next;
  }
  return keys;
}

export function kvConformance({ name, open }: KvSubject): void {
  describe(`key-value stores: ${name}`, () => {
    test("what was put is got, with metadata and expiry, until it is removed", async () => {
      const { kv } = await open();
      assert.equal(await kv.get(store, "a"), null);
      await kv.write(store, [put("a", "one", { metadata: '{"x":1}', expiresAt: 9e12 })]);
      const { value, ...entry } = (await kv.get(store, "a"))!;
      assert.deepEqual([Buffer.from(value!).toString(), entry], ["one", { bytes: 3, metadata: '{"x":1}', expiresAt: 9e12, version: 1 }]);
      await kv.write(store, [put("a", "two")]);
      assert.deepEqual(await kv.get(store, "a"), {
        value: new Uint8Array(Buffer.from("two")),
        bytes: 3,
        metadata: null,
        expiresAt: null,
        version: 2,
      });
      assert.deepEqual(await kv.write(store, [remove("a")]), [{ version: 3 }]);
      assert.equal(await kv.get(store, "a"), null);
      assert.deepEqual(await kv.write(store, [remove("a")]), [{ version: 0 }]);
    });

    test("stores of other names and of other apps have nothing of it", async () => {
      const { kv } = await open();
      await kv.write(store, [put("a", "one")]);
      for (const other of [
        { ...store, name: "other" },
        { ...store, app: "a2" },
      ]) {
        assert.equal(await kv.get(other, "a"), null);
        assert.deepEqual(await kv.list(other, { most: 10 }), { keys: [], next: null });
      }
    });

    test("any text of Unicode is a key, and any bytes are a value", async () => {
      const { kv } = await open();
      const keys = ["\0", "a\0b", "ä", "日本", "😀", "constructor", "__proto__", "a".repeat(512), "%2f/..//x"];
      const value = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
      await kv.write(
        store,
        keys.map((key) => ({ kind: "put", key, value })),
      );
      for (const key of keys) assert.deepEqual((await kv.get(store, key))?.value, new Uint8Array(value), JSON.stringify(key));
      assert.deepEqual(
        await keysOf(kv),
        keys.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other))),
      );
      for (const key of ["", ".", "..", "\ud800"]) await assert.rejects(kv.write(store, [put(key, "x")]), { code: "bad-request" });
      await assert.rejects(kv.write(store, [put("ä".repeat(257), "x")]), { code: "kv-too-large" });
      await assert.rejects(kv.write(store, [put("a", "x", { metadata: JSON.stringify("m".repeat(1_023)) })]), { code: "kv-too-large" });
    });

    test("a value of 25 MiB is kept, a larger one is refused, and none is read that is larger than asked for", async () => {
      const { kv } = await open();
      const value = Buffer.alloc(25 * 2 ** 20, "m");
      await kv.write(store, [{ kind: "put", key: "large", value }]);
      assert.ok(Buffer.compare((await kv.get(store, "large"))!.value!, value) === 0);
      const { value: none, bytes } = (await kv.get(store, "large", 1_000))!;
      assert.deepEqual([none, bytes], [null, value.length]);
      await assert.rejects(kv.write(store, [{ kind: "put", key: "large", value: Buffer.alloc(value.length + 1) }]), {
        code: "kv-too-large",
      });
    });

    test("keys are listed by prefix, a page at a time, in their order", async () => {
      const { kv } = await open();
      const keys = Array.from({ length: 25 }, (_, at) => `user/${String(at).padStart(2, "0")}`);
      await kv.write(
        store,
        [...keys, "us", "user", "user0", "v"].toReversed().map((key) => put(key, "x")),
      );
      for (const most of [1, 7, 25, 1_000]) assert.deepEqual(await keysOf(kv, "user/", most), keys);
      assert.deepEqual(await keysOf(kv, "user"), ["user", ...keys, "user0"]);
      assert.deepEqual(await keysOf(kv, "w"), []);
      await assert.rejects(kv.list(store, { most: 1_001 }), { code: "bad-request" });
    });

    test("an entry is gone from its time on, before and after its space is free", async () => {
      const world = await open();
      const { kv } = world;
      await kv.write(store, [put("a", "x", { expiresAt: world.now + 1_000 }), put("b", "y")]);
      world.now += 999;
      assert.deepEqual(await keysOf(kv), ["a", "b"]);
      world.now += 1;
      for (const _ of [1, 2]) {
        assert.equal(await kv.get(store, "a"), null);
        assert.deepEqual(await keysOf(kv), ["b"]);
        await world.sweep();
      }
      assert.deepEqual((await kv.stores("a1"))[0]!.entries, 1);
      await kv.write(store, [put("a", "again", { ifVersion: 0 })]);
      assert.equal(await textOf(kv, "a"), "again");
    });

    test("a write with a version is made only if the entry has it", async () => {
      const { kv } = await open();
      const [first] = await kv.write(store, [put("a", "one", { ifVersion: 0 })]);
      await assert.rejects(kv.write(store, [put("a", "two", { ifVersion: 0 })]), { code: "kv-conflict" });
      const [second] = await kv.write(store, [put("a", "two", { ifVersion: first!.version })]);
      await assert.rejects(kv.write(store, [remove("a", { ifVersion: first!.version })]), { code: "kv-conflict" });
      assert.equal(await textOf(kv, "a"), "two");
      await kv.write(store, [remove("a", { ifVersion: second!.version })]);
      await kv.write(store, [put("a", "three")]);
      await assert.rejects(
        kv.write(store, [put("a", "four", { ifVersion: second!.version })]),
        { code: "kv-conflict" },
        "a version never comes again",
      );
    });

    test("of those who change a key at once from the same version, one succeeds", async () => {
      const { kv } = await open();
      const [{ version } = { version: 0 }] = await kv.write(store, [put("a", "0")]);
      const all = await Promise.allSettled(
        Array.from({ length: 20 }, (_, at) => kv.write(store, [put("a", String(at), { ifVersion: version })])),
      );
      assert.equal(all.filter(({ status }) => status === "fulfilled").length, 1);
    });

    test("writes that are given together are all made, or none is", async () => {
      const { kv } = await open();
      await kv.write(store, [put("a", "1"), put("b", "text"), put("c", "3")]);
      const batch = [put("a", "2"), remove("c"), put("d", "4"), add("b", 1)];
      await assert.rejects(kv.write(store, batch), { code: "kv-no-number" });
      assert.deepEqual(await keysOf(kv), ["a", "b", "c"]);
      assert.equal(await textOf(kv, "a"), "1");
      const [{ entries, version } = { entries: 0, version: 0 }] = await kv.stores("a1");
      assert.deepEqual([entries, version], [3, 3]);
      assert.deepEqual(
        await kv.write(store, [...batch.slice(0, 3), put("d", "5"), remove("d")]),
        [4, 5, 6, 7, 8].map((version) => ({ version })),
      );
      assert.deepEqual(await keysOf(kv), ["a", "b"]);
    });

    test("counters lose no addition, keep their expiry, and stay whole numbers", async () => {
      const { kv } = await open();
      const sums = await Promise.all(Array.from({ length: 50 }, () => kv.write(store, [add("n", 2)])));
      assert.deepEqual(
        sums.map(([written]) => written!.sum),
        Array.from({ length: 50 }, (_, at) => 2 * at + 2),
      );
      await kv.write(store, [put("n", "-5", { expiresAt: 9e12, metadata: '"m"' })]);
      assert.equal((await kv.write(store, [add("n", 3)]))[0]!.sum, -2);
      const { expiresAt, metadata } = (await kv.get(store, "n"))!;
      assert.deepEqual([expiresAt, metadata, await textOf(kv, "n")], [9e12, '"m"', "-2"]);
      await assert.rejects(kv.write(store, [add("n", 1.5)]), { code: "bad-request" });
      await kv.write(store, [put("n", String(Number.MAX_SAFE_INTEGER))]);
      await assert.rejects(kv.write(store, [add("n", 1)]), { code: "kv-no-number" });
    });

    test("an app and a tenant have a most, and what makes less of it is taken", async () => {
      const { kv } = await open({ entries: 2, bytes: 100 });
      await kv.write(store, [put("a", "x"), put("b", "x")]);
      await assert.rejects(kv.write({ ...store, name: "other" }, [put("c", "x")]), { code: "kv-full", message: /^The app .* 2 entries/ });
      await assert.rejects(kv.write(store, [put("a", "x".repeat(99))]), { code: "kv-full", message: /100 bytes/ });
      await kv.write({ ...store, app: "a2" }, [put("a", "x".repeat(99))]);
      await kv.write({ ...store, app: "a3" }, [put("a", "x".repeat(90))]);
      await assert.rejects(kv.write({ ...store, app: "a3" }, [put("b", "x".repeat(8))]), { code: "kv-full", message: /^The tenant / });
      await kv.write(store, [remove("a"), put("c", "x")]);
      await kv.write({ ...store, tenant: "t2", app: "a4" }, [put("a", "x")]);
      await kv.drop({ app: "a2", name: "main" });
      await kv.write({ ...store, app: "a3" }, [put("b", "x".repeat(8))]);
    });

    test("a store that is dropped is empty, and its room is free", async () => {
      const { kv } = await open({ entries: 2_000, bytes: 1e6 });
      for (const _ of [1, 2]) {
        for (let part = 0; part < 2; part++)
          await kv.write(
            store,
            Array.from({ length: 1_000 }, (_, at) => put(`${part}-${at}`, "x")),
          );
        await kv.write(store, [remove("0-0")]);
        await kv.drop(store);
        assert.deepEqual(await kv.stores("a1"), []);
        assert.deepEqual(await keysOf(kv), []);
      }
    });

    test("a watcher learns of each change once it happens, and of what it missed", async () => {
      const world = await open();
      const { kv } = world;
      await kv.write(store, [put("a/1", "x"), put("b", "x"), put("a/2", "x")]);
      await kv.write(store, [remove("a/1"), put("a/2", "y")]);
      const over = new AbortController();
      const changes = kv.watch(store, { prefix: "a/", since: 1, signal: over.signal })[Symbol.asyncIterator]();
      const next = async () => shown((await changes.next()).value as Change);
      assert.deepEqual([await next(), await next()], ["a/1@4 gone", "a/2@5 1"]);
      const later = next();
      await kv.write(store, [put("b", "y")]);
      await kv.write(store, [put("a/3", "xyz", { expiresAt: world.now + 10 })]);
      assert.equal(await later, "a/3@7 3");
      world.now += 10;
      const expired = next();
      await world.sweep();
      assert.equal(await expired, "a/3@8 gone");
      const last = changes.next();
      over.abort();
      assert.equal((await last).done, true);
    });

    test("a watcher from now on learns of nothing before, and one that was away for too long is told so", async () => {
      const world = await open();
      const { kv } = world;
      await kv.write(store, [put("a", "x"), remove("a"), put("b", "x")]);
      const over = new AbortController();
      const changes = kv.watch(store, { since: "now", signal: over.signal })[Symbol.asyncIterator]();
      const next = changes.next();
      await kv.list(store, { most: 1 });
      await kv.write(store, [put("c", "x")]);
      assert.equal(shown((await next).value as Change), "c@4 1");
      over.abort();
      world.now += 2 * 86_400_000;
      await world.sweep();
      const { signal } = new AbortController();
      for (const since of [1, 99])
        await assert.rejects(kv.watch(store, { since, signal })[Symbol.asyncIterator]().next(), { code: "kv-changes-lost" });
      assert.equal(shown((await kv.watch(store, { since: 2, signal })[Symbol.asyncIterator]().next()).value as Change), "b@3 1");
    });

    const seed = seedOf();
    test(`it is as a map, whatever is done to it (MAYFLY_SEED=${seed})`, async () => compareWithMap(await open(), new Random(seed)));
  });
}

function shown({ key, version, entry }: Change): string {
  return `${key}@${version} ${entry === null ? "gone" : entry.bytes}`;
}

async function compareWithMap(world: KvWorld, random: Random): Promise<void> {
  const { kv } = world;
  const model = new Map<string, { text: string; expiresAt: number | null; version: number }>();
  let version = 0;
  const alive = (key: string) => {
    const found = model.get(key);
    return found === undefined || (found.expiresAt !== null && found.expiresAt <= world.now) ? undefined : found;
  };
  for (let step = 0; step < 400; step++) {
    const key = `${random.pick(["a", "b", "ä"])}${random.below(6)}`;
    const kind = random.below(10);
    if (kind < 4) {
      const [text, expiresAt] = [String(random.below(1_000)), random.chance(0.3) ? world.now + 1 + random.below(50) : null];
      await kv.write(store, [put(key, text, { expiresAt })]);
      model.set(key, { text, expiresAt, version: ++version });
    } else if (kind === 4) {
      const was = alive(key);
      const [{ version: given } = { version: 0 }] = await kv.write(store, [remove(key)]);
      assert.equal(given > 0, was !== undefined);
      model.delete(key);
      version = Math.max(version, (await kv.stores("a1"))[0]?.version ?? 0);
    } else if (kind === 5) {
      const was = alive(key);
      const sum = Number(was?.text ?? 0) + 7;
      assert.equal((await kv.write(store, [add(key, 7)]))[0]!.sum, sum);
      model.set(key, { text: String(sum), expiresAt: was?.expiresAt ?? null, version: ++version });
    } else if (kind === 6) world.now += random.below(31);
    else if (kind === 7) {
      await world.sweep();
      version = (await kv.stores("a1"))[0]?.version ?? 0;
    } else if (kind === 8) {
      const expected = alive(key)?.version ?? 0;
      const wanted = random.chance(0.5) ? expected : expected + 1;
      const write = kv.write(store, [put(key, "1", { ifVersion: wanted })]);
      if (wanted === expected) {
        await write;
        model.set(key, { text: "1", expiresAt: null, version: ++version });
      } else await assert.rejects(write, { code: "kv-conflict" });
    } else {
      const there = [...model.keys()].filter((each) => alive(each) !== undefined && each.startsWith(key[0]!));
      const sorted = there.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
      assert.deepEqual(await keysOf(kv, key[0], 1 + random.below(4)), sorted);
    }
    const entry = await kv.get(store, key);
    const expected = alive(key);
    assert.deepEqual(
      entry && { text: Buffer.from(entry.value!).toString(), expiresAt: entry.expiresAt, version: entry.version },
      expected ?? null,
      `step ${step}, key ${key}`,
    );
  }
}
