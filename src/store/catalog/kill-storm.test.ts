// Own process: it loads a program of its own, which has top-level await and cannot be loaded at once.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { mainTenant } from "../../base/ids/new-id.ts";
import { Random, seedOf } from "../../base/testing/random.ts";
import { openCatalog } from "./sqlite.ts";
import { stormUpload } from "./testing/storm-child.ts";
import { bundlesOf } from "./testing/open-catalog.ts";

const ROUNDS = 12;

test("kill -9 at any moment of a deploy leaves the old revision or the new one, whole", async (t) => {
  const seed = seedOf();
  t.diagnostic(`MAYFLY_SEED=${seed}`);
  const random = new Random(seed);
  const dir = mkdtempSync(join(tmpdir(), "mayfly-storm-"));
  const [file, key] = [join(dir, "catalog.db"), join(dir, "key")];
  let newest = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const seen = await deployUntilKilled(file, key, newest + 1, random.next() * 100);
    const live = await check(file, key);
    const allowed = [Math.max(newest, seen.stored), Math.max(newest, seen.begun)];
    assert.ok(allowed.includes(live), `round ${round}: live is ${live}, allowed is ${allowed.join(" or ")}`);
    newest = live;
  }
  t.diagnostic(`${newest} deploys in ${ROUNDS} rounds`);
  rmSync(dir, { recursive: true });
});

/**
 * Opens what the killed process left. Every revision must be whole, and there must be no code of others. Returns the number of the live
 * revision, 0 if there is none.
 */
async function check(file: string, key: string): Promise<number> {
  const catalog = openCatalog(file, key);
  const app = catalog.app(mainTenant, "storm");
  for (const { id } of app?.revisions ?? []) assert.equal((await bundlesOf(catalog, id)).length, 3);
  const n = Number(app?.live!.manifest.env["N"] ?? 0);
  if (app) assert.deepEqual((await bundlesOf(catalog, app.live!.id)).map(plain), stormUpload(n).bundles.map(plain));
  await catalog.settled();
  catalog.close();
  assert.equal(codeWithoutRevision(file), 0);
  return n;
}

function codeWithoutRevision(file: string): number {
  using db = new DatabaseSync(file);
  const unused = db.prepare("SELECT count(*) AS n FROM parts WHERE code NOT IN (SELECT code FROM functions)").get();
  return Number(unused?.["n"]);
}

async function deployUntilKilled(file: string, key: string, from: number, ms: number): Promise<{ begun: number; stored: number }> {
  const program = join(import.meta.dirname, "testing/storm-child.ts");
  const child = spawn(process.execPath, [program, file, key, String(from)], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const closed = once(child, "close");
  // At least one revision is stored in each round; the kill comes at a random moment of the deploys that follow.
  while (!output.includes(`begin ${from + 1}\n`)) await Promise.race([once(child.stdout, "data"), closed]);
  await sleep(ms);
  child.kill("SIGKILL");
  const [code, signal] = (await closed) as [number | null, string | null];
  assert.equal(signal, "SIGKILL", `the child ended by itself, code ${code}`);
  return { begun: last(output, "begin"), stored: last(output, "stored") };
}

function last(output: string, word: string): number {
  const numbers = output.matchAll(new RegExp(`^${word} (\\d+)$`, "gm")).map((match) => Number(match[1]));
  return Math.max(0, ...numbers);
}

function plain(bundle: { function: string; format: string; code: Uint8Array }) {
  return { ...bundle, code: Buffer.from(bundle.code).toString() };
}
