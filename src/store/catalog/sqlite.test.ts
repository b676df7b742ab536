import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Bundle, Catalog } from "./catalog.ts";
import { type Manifest, manifestSchema } from "./manifest.ts";
import { catalogMigrations } from "./schema.ts";
import { openCatalog, VERSIONS_KEPT } from "./sqlite.ts";
import { versionId } from "./version-id.ts";

let dir: string;
let catalog: Catalog;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mayfly-catalog-"));
  catalog = open();
});
afterEach(() => {
  catalog.close();
  rmSync(dir, { recursive: true });
});

describe("versions", () => {
  test("a deployed app is found again after a restart, code and all", () => {
    const version = catalog.deploy(manifest("shop"), code("one"));
    reopen();
    assert.deepEqual(catalog.live("shop"), version);
    assert.deepEqual(texts(catalog.bundles("shop", version.id)), ["one"]);
    assert.deepEqual(catalog.list(), [
      { app: "shop", live: version, problem: null, versions: [{ id: version.id, createdAt: version.createdAt }] },
    ]);
  });

  test("a version that is not taken over is not stored, and the one before stays live", () => {
    const refuse = () => {
      throw new Error("not this one");
    };
    assert.throws(() => catalog.deploy(manifest("shop"), code("one"), refuse), /not this one/);
    assert.deepEqual(catalog.list(), []);
    const first = catalog.deploy(manifest("shop"), code("one"));
    const second = catalog.deploy(manifest("shop"), code("two"));
    assert.throws(() => catalog.pointTo("shop", first.id, refuse), /not this one/);
    reopen();
    assert.deepEqual(catalog.live("shop"), second);
  });

  test("an app whose version is damaged is listed with its problem, can be removed, and keeps no other from being read", () => {
    const damage = (app: string, what: string) => {
      const db = new DatabaseSync(join(dir, "catalog.db"));
      db.prepare("UPDATE versions SET manifest = ? WHERE app = ?").run(what, app);
      db.close();
    };
    for (const app of ["shop", "torn", "wrong"]) catalog.deploy(manifest(app), code(app));
    damage("torn", '{"name":"torn"');
    damage("wrong", '{"name":"wrong","functions":5}');
    reopen();
    const problems = catalog.list().map(({ app, live, problem }) => [app, live?.app, problem?.replace(/ in \S+/, "")]);
    assert.deepEqual(problems[0], ["shop", "shop", undefined]);
    assert.match(problems[1]![2]!, /manifest of app torn, version \w{12}.*it is not valid JSON/);
    assert.match(problems[2]![2]!, /functions is 5, but must be an object/);
    assert.equal(catalog.live("torn"), undefined);
    for (const app of ["torn", "wrong"]) catalog.remove(app);
    assert.equal(catalog.list().length, 1);
  });

  test("a version that was stored before a key existed has its default, and its code is still what was deployed", () => {
    const version = catalog.deploy(manifest("shop"), code("one"));
    const { queue: _, ...older } = version.manifest;
    const id = versionId(older as Manifest, code("one"));
    const db = new DatabaseSync(join(dir, "catalog.db"));
    db.exec("PRAGMA foreign_keys = OFF");
    db.prepare("UPDATE versions SET manifest = ?, id = ?").run(JSON.stringify(older), id);
    db.prepare("UPDATE bundles SET version = ?").run(id);
    db.prepare("UPDATE apps SET live = ?").run(id);
    db.close();
    reopen();
    assert.deepEqual(catalog.live("shop")?.manifest, version.manifest);
    assert.deepEqual(texts(catalog.bundles("shop", id)), ["one"]);
  });

  test("the same upload is the same version, whatever the order of its keys", () => {
    const first = catalog.deploy(manifest("shop", { env: { A: "1", B: "2" } }), code("one"));
    assert.deepEqual(catalog.deploy(manifest("shop", { env: { B: "2", A: "1" } }), code("one")), first);
    assert.equal(catalog.list()[0]?.versions.length, 1);
  });

  test("a change of code or of manifest is another version", () => {
    const ids = [
      catalog.deploy(manifest("shop"), code("one")).id,
      catalog.deploy(manifest("shop"), code("two")).id,
      catalog.deploy(manifest("shop", { memoryMb: 512 }), code("two")).id,
    ];
    assert.equal(new Set(ids).size, 3);
    assert.equal(catalog.live("shop")?.id, ids[2]);
  });

  test("pointTo goes back to an older version", () => {
    const old = catalog.deploy(manifest("shop"), code("one"));
    catalog.deploy(manifest("shop"), code("two"));
    assert.deepEqual(catalog.pointTo("shop", old.id), old);
    reopen();
    assert.deepEqual(catalog.live("shop"), old);
  });

  test("pointTo a version that is not there throws no-such-version and changes nothing", () => {
    const version = catalog.deploy(manifest("shop"), code("one"));
    assert.throws(() => catalog.pointTo("shop", "f00"), { code: "no-such-version" });
    assert.throws(() => catalog.pointTo("none", version.id), { code: "no-such-version" });
    assert.deepEqual(catalog.live("shop"), version);
  });

  test("an app keeps its newest versions and the live one, and no code of others", () => {
    const first = catalog.deploy(manifest("shop"), code("first"));
    for (let i = 1; i < VERSIONS_KEPT; i++) catalog.deploy(manifest("shop"), code(`v${i}`));
    catalog.pointTo("shop", first.id);
    assert.ok(catalog.list()[0]?.versions.some(({ id }) => id === first.id));
    for (let i = 0; i < 5; i++) catalog.deploy(manifest("shop"), code(`later ${i}`));
    const kept = catalog.list()[0]?.versions.map(({ id }) => id) ?? [];
    assert.equal(kept.length, VERSIONS_KEPT);
    assert.ok(!kept.includes(first.id));
    assert.equal(count("bundles"), VERSIONS_KEPT);
  });

  test("code that changed on disk is not handed out", () => {
    const version = catalog.deploy(manifest("shop"), code("one"));
    sql("UPDATE bundles SET code = x'00'");
    assert.throws(() => catalog.bundles("shop", version.id), { code: "state-damaged" });
  });

  test("remove takes the app, its versions, code and secrets, and leaves other apps alone", () => {
    catalog.deploy(manifest("shop"), code("one"));
    const other = catalog.deploy(manifest("other"), code("two"));
    catalog.setSecret("shop", "KEY", "v");
    catalog.remove("shop");
    assert.equal(catalog.live("shop"), undefined);
    assert.deepEqual(catalog.secretNames("shop"), []);
    assert.deepEqual(catalog.live("other"), other);
    assert.equal(count("bundles"), 1);
    assert.throws(() => catalog.remove("shop"), { code: "no-such-app" });
  });
});

describe("secrets", () => {
  test("come back by name, after a restart too", () => {
    catalog.setSecret("shop", "KEY", "old");
    catalog.setSecret("shop", "KEY", "naïve ☃");
    reopen();
    assert.deepEqual(catalog.secretNames("shop"), ["KEY"]);
    assert.deepEqual(catalog.secrets("shop", ["KEY"]), { KEY: "naïve ☃" });
    catalog.removeSecret("shop", "KEY");
    assert.throws(() => catalog.secrets("shop", ["KEY"]), { code: "no-such-secret" });
  });

  test("are not in the file in clear", () => {
    catalog.setSecret("shop", "KEY", "correct horse battery staple");
    catalog.close();
    assert.ok(!readFileSync(join(dir, "catalog.db")).includes("correct horse"));
    catalog = open();
  });

  test("the key file is readable by its owner only", () => {
    assert.equal(statSync(join(dir, "key")).mode & 0o777, 0o600);
    assert.equal(readFileSync(join(dir, "key")).length, 32);
  });

  test("a value moved to another name or app does not open", () => {
    catalog.setSecret("shop", "KEY", "v");
    sql("UPDATE secrets SET name = 'OTHER'");
    assert.throws(() => catalog.secrets("shop", ["OTHER"]), { code: "secret-key-unusable" });
  });

  test("a missing key is refused where secrets exist, and made anew where none does", () => {
    rmSync(join(dir, "key"));
    reopen();
    catalog.setSecret("shop", "KEY", "v");
    catalog.close();
    rmSync(join(dir, "key"));
    assert.throws(open, { code: "secret-key-unusable" });
    writeFileSync(join(dir, "key"), "short");
    assert.throws(open, { code: "secret-key-unusable" });
    rmSync(join(dir, "key"));
    sql("DELETE FROM secrets");
    catalog = open();
  });
});

describe("the file", () => {
  test("one from a newer Mayfly is refused by name", () => {
    catalog.close();
    sql("PRAGMA user_version = 99");
    assert.throws(open, { code: "state-newer" });
    sql(`PRAGMA user_version = ${catalogMigrations.length}`);
    catalog = open();
  });

  test("one that is no database is called damaged", () => {
    writeFileSync(join(dir, "noise.db"), "x".repeat(8_192));
    assert.throws(() => openCatalog(join(dir, "noise.db"), join(dir, "key")), { code: "state-damaged" });
  });
});

describe("the quota of code", () => {
  const MB = 2 ** 20;
  const of = (megabytes: number, fill: number): Bundle[] => [{ function: "main", format: "cjs", code: Buffer.alloc(megabytes * MB, fill) }];
  const reopenWith = (perApp: number, inAll: number) => {
    catalog.close();
    catalog = openCatalog(join(dir, "catalog.db"), join(dir, "key"), { quota: { perApp: perApp * MB, inAll: inAll * MB } });
  };
  const stored = (app: string) => catalog.list().find((row) => row.app === app)?.versions.length ?? 0;

  test("older versions of an app go first, and the one that calls go to never does", () => {
    reopenWith(3, 100);
    for (const fill of [1, 2, 3, 4, 5]) catalog.deploy(manifest("shop"), of(1, fill));
    assert.equal(stored("shop"), 3);
    assert.throws(() => catalog.deploy(manifest("shop"), of(4, 6)), { code: "no-room", message: /one app would take 4 MB; 3 are allowed/ });
    assert.equal(stored("shop"), 3);
    assert.equal(catalog.bundles("shop", catalog.live("shop")!.id)[0]!.code[0], 5);
  });

  test("all apps together have one, which counts what an older Mayfly stored, too", () => {
    for (const app of ["a", "b", "c"]) catalog.deploy(manifest(app), of(1, 1));
    reopenWith(100, 4);
    catalog.deploy(manifest("c"), of(1, 2));
    catalog.deploy(manifest("c"), of(1, 3));
    assert.equal(stored("c"), 2);
    assert.throws(() => catalog.deploy(manifest("d"), of(1, 1)), { code: "no-room", message: /all apps together/ });
    catalog.remove("a");
    catalog.deploy(manifest("d"), of(1, 1));
  });
});

describe("what was removed", () => {
  test("is neither in the file nor takes room in it", async () => {
    const needle = Buffer.from("a secret algorithm ".repeat(500_000));
    catalog.deploy(manifest("kept"), code("kept"));
    catalog.deploy(manifest("shop"), [{ function: "main", format: "cjs", code: needle }]);
    catalog.deploy(manifest("last"), code("last"));
    catalog.remove("shop");
    await catalog.settled();
    const file = readFileSync(join(dir, "catalog.db"));
    assert.ok(!file.includes("secret algorithm"));
    assert.ok(file.length < 1_000_000, `${file.length} bytes`);
    reopen();
    assert.deepEqual(texts(catalog.bundles("last", catalog.live("last")!.id)), ["last"]);
  });

  test("is given back by a file that an older Mayfly made, too", async () => {
    catalog.close();
    rmSync(join(dir, "catalog.db"));
    const old = new DatabaseSync(join(dir, "catalog.db"));
    old.exec(`PRAGMA journal_mode = WAL; ${catalogMigrations[0]!}; PRAGMA user_version = 1`);
    old.exec("INSERT INTO versions (app, id, manifest, created_at) VALUES ('old', 'x', '{}', 0)");
    old.exec("INSERT INTO bundles VALUES ('old', 'x', 'main', 'cjs', zeroblob(5000000)); INSERT INTO apps VALUES ('old', 'x')");
    old.close();
    catalog = open();
    assert.equal(Number(rowOf("SELECT bytes FROM versions")["bytes"]), 5_000_000);
    catalog.remove("old");
    await catalog.settled();
    assert.ok(statSync(join(dir, "catalog.db")).size < 200_000);
  });
});

function rowOf(statement: string): Record<string, unknown> {
  const db = new DatabaseSync(join(dir, "catalog.db"));
  try {
    return db.prepare(statement).get() as Record<string, unknown>;
  } finally {
    db.close();
  }
}

function manifest(name: string, more: object = {}): Manifest {
  return manifestSchema.parse({ name, functions: { main: { entry: "main.ts" } }, ...more });
}

function code(text: string): Bundle[] {
  return [{ function: "main", format: "cjs", code: Buffer.from(text) }];
}

function texts(bundles: Bundle[]): string[] {
  return bundles.map((bundle) => Buffer.from(bundle.code).toString());
}

function open(): Catalog {
  return openCatalog(join(dir, "catalog.db"), join(dir, "key"));
}

function reopen(): void {
  catalog.close();
  catalog = open();
}

function sql(statement: string): void {
  const db = new DatabaseSync(join(dir, "catalog.db"));
  db.exec(statement);
  db.close();
}

function count(table: string): number {
  const db = new DatabaseSync(join(dir, "catalog.db"));
  const rows = db.prepare(`SELECT count(*) AS n FROM ${table}`).get();
  db.close();
  return Number(rows?.["n"]);
}
