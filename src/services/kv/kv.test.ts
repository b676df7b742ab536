import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { InlineCommit } from "../../store/group-commit/testing/inline-commit.ts";
import { openGroupCommit } from "../../store/group-commit/open-group-commit.ts";
import { afterwards } from "../../base/testing/afterwards.ts";
import type { Change, KvLimits } from "./kv.ts";
import { SqliteKeyValues } from "./sqlite-key-values.ts";
import { engine, type KvOperations } from "./store/engine.ts";
import { type ReadOperations, readOperations } from "./store/read.ts";
import { kvConformance, type KvWorld } from "./testing/conformance.ts";

const roomy = { entries: 1e9, bytes: 1e12 };
const twice = ({ entries, bytes }: KvLimits) => ({ entries: 2 * entries, bytes: 2 * bytes });

function worldOf(parts: Omit<ConstructorParameters<typeof SqliteKeyValues>[0], "now" | "most">, most: KvLimits): KvWorld {
  const world = { now: 1_800_000_000_000 };
  const kv = new SqliteKeyValues({ ...parts, most: () => ({ app: most, tenant: twice(most) }), now: () => world.now });
  return Object.assign(world, { kv, sweep: () => kv.sweep() });
}

const bothEngine = {
  ...engine,
  operations: (db: InlineCommit<KvOperations>["db"]) => ({ ...engine.operations(db), ...readOperations(db) }),
};

kvConformance({
  name: "in memory",
  open(most = roomy) {
    const commit = new InlineCommit<KvOperations & ReadOperations>(bothEngine);
    return worldOf({ commit, reads: commit }, most);
  },
});

const onFailure = (error: unknown) => assert.fail(String(error));

async function threads(file: string) {
  const commit = await openGroupCommit<KvOperations>({ file, module: new URL("store/engine.ts", import.meta.url), onFailure });
  const reads = await openGroupCommit<ReadOperations>({
    file,
    module: new URL("store/read-engine.ts", import.meta.url),
    onFailure,
    readsOnly: true,
  });
  const close = async () => {
    await reads.close();
    await commit.close();
  };
  return { commit, reads, close };
}

const dir = mkdtempSync(join(tmpdir(), "mayfly-kv-"));
const opened: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of opened) await close();
  rmSync(dir, { recursive: true });
});

kvConformance({
  name: "in a file, written by one thread and read by another",
  async open(most = roomy) {
    const { commit, reads, close } = await threads(join(dir, `${opened.length}.db`));
    opened.push(close);
    return worldOf({ commit, reads }, most);
  },
});

test("what was written is there after the file was closed, with the versions going on", async (t) => {
  const file = join(dir, "again.db");
  const store = { tenant: "t", app: "a", name: "main" };
  const first = await threads(file);
  await worldOf(first, roomy).kv.write(store, [{ kind: "put", key: "a", value: Buffer.from("x") }]);
  await first.close();
  const second = await threads(file);
  afterwards(t, second.close);
  const { kv } = worldOf(second, roomy);
  assert.equal(Buffer.from((await kv.get(store, "a"))!.value!).toString(), "x");
  assert.deepEqual(await kv.write(store, [{ kind: "add", key: "n", by: 1 }]), [{ version: 2, sum: 1 }]);
});

test("watchers are told of the traces of changes that were made while they watched", async (t) => {
  const { commit, reads, close } = await threads(join(dir, "traced.db"));
  afterwards(t, close);
  const { kv } = worldOf({ commit, reads }, roomy);
  const store = { tenant: "t", app: "a", name: "main" };
  const trace = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate: "" };
  const put = (key: string) => ({ kind: "put", key, value: Buffer.from("x") }) as const;
  const changes = kv.watch(store, { since: 0, signal: new AbortController().signal })[Symbol.asyncIterator]();
  const told = async () => {
    const { key, trace: cause } = ((await changes.next()) as { value: Change }).value;
    return [key, cause];
  };
  const first = told();
  await kv.write(store, [put("a"), put("b")], trace);
  assert.deepEqual(
    [await first, await told()],
    [
      ["a", trace],
      ["b", trace],
    ],
  );
  const third = told();
  await kv.write(store, [put("a")]);
  assert.deepEqual(await third, ["a", undefined]);
  await changes.return?.();
});
