/** Key-value stores, asked as a door of the server asks them: how many gets, and puts that are on the disk, there are in a second. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KeyValues, Write } from "../../src/services/kv/kv.ts";
import { SqliteKeyValues } from "../../src/services/kv/sqlite-key-values.ts";
import type { KvOperations } from "../../src/services/kv/store/engine.ts";
import type { ReadOperations } from "../../src/services/kv/store/read.ts";
import { openGroupCommit } from "../../src/store/group-commit/open-group-commit.ts";
import type { BenchOptions } from "../options.ts";
import { rate, type Row, type Section } from "../report.ts";
import { median } from "../statistics.ts";

const KEYS = 20_000;
/** Keys of a write that fills the store. */
const AT_ONCE = 1_000;
const VALUE = Buffer.alloc(100, "v");
const GETS = 50_000;
const PUTS = 5_000;
const store = { tenant: "ten_bench", app: "app_bench", name: "main" };
const unbounded = { entries: 1e12, bytes: 1e15 };

export async function kv(options: BenchOptions): Promise<Section[]> {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-bench-kv-"));
  const { values, close } = await openStore(join(dir, "kv.db"));
  try {
    for (let first = 0; first < KEYS; first += AT_ONCE)
      await values.write(
        store,
        Array.from({ length: AT_ONCE }, (_, at): Write => ({ kind: "put", key: keyOf(first + at), value: VALUE })),
      );
    const get = () => values.get(store, anyKey());
    const put = () => values.write(store, [{ kind: "put", key: anyKey(), value: VALUE }]);
    const rows: Row[] = [];
    for (const callers of [32, 256]) rows.push(await measure("gets", callers, get, GETS, options));
    for (const callers of [32, 256]) rows.push(await measure("puts, each on the disk", callers, put, PUTS, options));
    return [
      {
        title: `Key-value stores: values of ${VALUE.length} bytes, ${KEYS.toLocaleString("en")} keys`,
        how: `As the server's doors ask them, in one process, ${options.seconds} s, median of ${options.rounds} rounds; the callers ask again as soon as they are answered.`,
        rows,
      },
    ];
  } finally {
    await close();
    rmSync(dir, { recursive: true });
  }
}

async function openStore(file: string): Promise<{ values: KeyValues; close: () => Promise<void> }> {
  const engine = (name: string) => new URL(`../../src/services/kv/store/${name}`, import.meta.url);
  const onFailure = (error: unknown) => {
    throw error;
  };
  const commit = await openGroupCommit<KvOperations>({ file, module: engine("engine.ts"), onFailure });
  const reads = await openGroupCommit<ReadOperations>({ file, module: engine("read-engine.ts"), onFailure, readsOnly: true });
  const most = () => ({ app: unbounded, tenant: unbounded });
  const close = async () => {
    await reads.close();
    await commit.close();
  };
  return { values: new SqliteKeyValues({ commit, reads, most, now: () => Date.now() }), close };
}

async function measure(what: string, callers: number, once: () => Promise<unknown>, target: number, options: BenchOptions): Promise<Row> {
  const rounds = [];
  for (let round = 0; round < options.rounds; round++) rounds.push(await perSecond(callers, once, options.seconds));
  const measured = median(rounds);
  const reached = measured >= target;
  // With few callers, each waits for the disk or for the other thread.
  return callers < 256
    ? { what: `${what}, ${callers} callers`, measured: rate(measured) }
    : { what: `${what}, ${callers} callers`, measured: rate(measured), target: `≥ ${rate(target)}`, reached };
}

async function perSecond(callers: number, once: () => Promise<unknown>, seconds: number): Promise<number> {
  let done = 0;
  const from = performance.now();
  const until = from + 1_000 * seconds;
  const call = async () => {
    while (performance.now() < until) {
      await once();
      done++;
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return (1_000 * done) / (performance.now() - from);
}

function anyKey(): string {
  return keyOf(Math.floor(Math.random() * KEYS));
}

function keyOf(at: number): string {
  return `user/${at}`;
}
