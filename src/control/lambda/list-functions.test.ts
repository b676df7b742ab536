import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { AppRow, Catalog } from "../../store/catalog/catalog.ts";
import { openLambdaStore } from "../../store/lambda/open-lambda-store.ts";
import type { FunctionRecord } from "../../store/lambda/records.ts";
import { usualSettings } from "./find-function.ts";
import { countFunctions, functionsFrom } from "./list-functions.ts";

const tenant = "tenant";
const folder = mkdtempSync(join(tmpdir(), "mayfly-list-functions-"));
const store = openLambdaStore(join(folder, "lambda.db"));
after(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

/** Of apps that were deployed otherwise, with one function each, and counts how many are read. */
function catalogOf(names: string[]) {
  const rows = names.toSorted().map((name) => ({ name, live: liveOf(name) }) as unknown as AppRow);
  const read = { rows: 0 };
  const catalog = {
    app: (_tenant: string, name: string) => rows.find((row) => row.name === name),
    page(_tenant: string, from: string, count: number) {
      const found = rows.filter(({ name }) => name > from).slice(0, count);
      read.rows += found.length;
      return found;
    },
  } as unknown as Catalog;
  return { catalog, read };
}

function liveOf(name: string): object {
  const manifest = {
    name,
    functions: { main: { entry: "", handler: "handler" } },
    runtime: "node",
    memoryMb: 128,
    timeoutMs: 1_000,
    env: {},
  };
  return { id: `rev_${name}`, tenant, manifest, createdAt: 0 };
}

function pending(name: string): FunctionRecord {
  return {
    name,
    region: "us-east-1",
    settings: usualSettings(name, tenant),
    code: null,
    layers: [],
    lastModified: 0,
    revisionId: name,
    state: "Pending",
    revision: null,
    update: null,
    tags: {},
    lastVersion: 0,
    published: null,
    publishing: null,
    reserved: null,
    recursiveLoop: "Terminate",
    updateRuntimeOn: "Auto",
    runtimeVersionArn: null,
  };
}

test("functions with an app and without one are listed in one order, from any of them on, and no more of them are read than are asked for", async () => {
  const apps = Array.from({ length: 1_000 }, (_, at) => `app-${String(at).padStart(4, "0")}`);
  const made = Array.from({ length: 250 }, (_, at) => `${at % 2 === 0 ? "app" : "b"}-${String(at * 3).padStart(4, "0")}x`);
  for (const name of made) store.functions.put(tenant, "", name, pending(name));
  const { catalog, read } = catalogOf(apps);
  const parts = { store, catalog };
  const all = [...apps, ...made].toSorted();
  assert.deepEqual(
    [...functionsFrom(parts, tenant, "")].map(({ record }) => record.name),
    all,
  );
  assert.equal(await countFunctions(parts, tenant), all.length);
  for (const from of [apps[0]!, apps[500]!, made[0]!, made[101]!, all.at(-1)!]) {
    read.rows = 0;
    const some = functionsFrom(parts, tenant, from).take(51).toArray();
    const first = all.indexOf(from);
    assert.deepEqual(
      some.map(({ record }) => record.name),
      all.slice(first, first + 51),
      from,
    );
    assert.ok(read.rows <= 100, `${read.rows} apps were read`);
  }
  assert.deepEqual(
    functionsFrom(parts, tenant, "app-0000a").take(1).toArray()[0]?.record.name,
    "app-0000x",
    "what is gone has a place in the order",
  );
});

test("what a tenant keeps is counted, and is nothing once the tenant is removed", () => {
  const [mine, other] = ["mine", "other"];
  const code = { digest: "d".repeat(64), size: 100, sha256: "" };
  for (const owner of [mine, other]) {
    store.functions.put(owner, "", "f", { ...pending("f"), code, reserved: 5 });
    store.functions.put(owner, "", "F2", { ...pending("F2"), code, codeSigning: "csc-1" });
  }
  store.functions.put(mine, "", "f", { ...pending("f"), code: { ...code, size: 250 }, reserved: 7 });
  const kept = (owner: string) => [
    store.countRecords(owner),
    store.codeBytes(owner),
    store.reservedInAll(owner),
    store.functionsSignedBy(owner, "csc-1", "", 10),
    store.functionLike(owner, "f2"),
  ];
  assert.deepEqual(kept(mine), [2, 350, 7, ["F2"], "F2"]);
  assert.deepEqual(kept(other), [2, 200, 5, ["F2"], "F2"]);
  store.removeFunction(mine, "f");
  assert.deepEqual(kept(mine), [1, 100, 0, ["F2"], "F2"]);
  store.removeTenant(mine);
  assert.deepEqual(kept(mine), [0, 0, 0, [], undefined]);
  assert.deepEqual(kept(other), [2, 200, 5, ["F2"], "F2"]);
});
