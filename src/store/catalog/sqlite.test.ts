/** The catalog, over real SQLite files. The file is long because every test sees all of the catalog, opened anew and reopened. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { afterEach, beforeEach, describe, test } from "node:test";
import { mainTenant } from "../../base/ids/new-id.ts";
import type { Catalog } from "./catalog.ts";
import type { Manifest } from "./manifest.ts";
import { revisionDigest } from "./revision-digest.ts";
import { openCatalog } from "./sqlite.ts";
import { bundlesOf, CatalogInFolder, codeOf, texts } from "./testing/open-catalog.ts";

let files: CatalogInFolder;

beforeEach(() => {
  files = new CatalogInFolder();
});
afterEach(() => files.close());

const refuse = () => {
  throw new Error("not this one");
};

describe("revisions", () => {
  test("a deployed app is found again after a restart, code and all", async () => {
    const revision = await files.deploy("shop", "one");
    files.reopen();
    assert.deepEqual(files.live("shop"), revision);
    assert.deepEqual(texts(await bundlesOf(files.catalog, revision.id)), ["one"]);
    const { id, number, digest, createdAt } = revision;
    const expected = {
      id: files.id("shop"),
      tenant: mainTenant,
      name: "shop",
      live: revision,
      problem: null,
      revisions: [{ id, number, digest, createdAt, runtimes: ["node"] }],
      aliases: [{ name: "live", targets: [{ revision: id, number: 1, weight: 1 }] }],
    };
    assert.deepEqual(files.catalog.page(mainTenant, "", 10), [expected]);
    assert.deepEqual(files.catalog.app(mainTenant, "shop"), expected);
  });

  test("a revision that cannot be served is not stored, and the one before stays live", async () => {
    await assert.rejects(files.deploy("shop", "one", {}, refuse), /not this one/);
    assert.deepEqual(files.catalog.page(mainTenant, "", 10), []);
    assert.equal(files.catalog.names.holder(mainTenant, "shop"), undefined);
    const first = await files.deploy("shop", "one");
    const second = await files.deploy("shop", "two");
    const { id } = first;
    assert.throws(() => files.catalog.point(first.app, "live", [{ revision: id, weight: 1 }], refuse), /not this one/);
    files.reopen();
    assert.deepEqual(files.live("shop"), second);
  });

  test("an app whose revision is damaged is listed with its problem, can be removed, and keeps no other from being read", async () => {
    for (const app of ["shop", "torn", "wrong"]) await files.deploy(app, app);
    files.sql("UPDATE revisions SET manifest = ? WHERE app = ?", '{"name":"torn"', files.id("torn"));
    files.sql("UPDATE revisions SET manifest = ? WHERE app = ?", '{"name":"wrong","functions":5}', files.id("wrong"));
    files.reopen();
    const rows = files.catalog.page(mainTenant, "", 10);
    const problems = rows.map(({ name, live, problem }) => [name, live?.manifest.name, problem?.replace(/ in \S+/, "")]);
    assert.deepEqual(problems[0], ["shop", "shop", undefined]);
    assert.match(problems[1]![2]!, /manifest of app torn, revision 1.*it is not valid JSON/);
    assert.match(problems[2]![2]!, /functions is 5, but must be an object/);
    assert.throws(() => files.live("torn"), { code: "bad-manifest" });
    assert.deepEqual(files.catalog.eager(), [], "what it asks for is unknown");
    for (const app of ["torn", "wrong"]) files.catalog.remove(files.id(app));
    assert.equal(files.catalog.page(mainTenant, "", 10).length, 1);
  });

  test("an app whose live alias is damaged, or whose manifest has another app's name, is listed with its problem; a deploy repairs it", async () => {
    const alias = "WHERE app = ? AND alias = 'live'";
    const damages: [statement: string, problem: RegExp][] = [
      [`DELETE FROM targets ${alias}`, /alias live of app shop does not say/],
      ["DELETE FROM aliases WHERE app = ?", /alias live of app shop does not say|^$/],
      [`UPDATE targets SET revision = 'rev_gone' ${alias}`, /alias live of app shop does not say/],
      [`UPDATE targets SET weight = -1 ${alias}`, /alias live of app shop does not say/],
      [`INSERT INTO targets SELECT app, alias, 'rev_gone', weight / 2 FROM targets ${alias}`, /alias live of app shop does not say/],
      ["UPDATE revisions SET manifest = json_set(manifest, '$.name', 'fine') WHERE app = ?", /name is "fine", but must be "shop"/],
    ];
    await files.deploy("fine", "fine");
    const first = await files.deploy("shop", "one");
    const { names } = files.catalog;
    for (const [statement, problem] of damages) {
      files.damage(statement, first.app);
      const [fine, shop] = files.catalog.page(mainTenant, "", 10);
      assert.deepEqual([fine!.name, fine!.problem, shop!.name], ["fine", null, "shop"], statement);
      assert.match(shop!.problem ?? "", problem, statement);
      assert.deepEqual(files.catalog.app(mainTenant, "shop"), shop, statement);
      if (shop!.problem !== null) assert.throws(() => files.live("shop"), { code: /bad-manifest|state-damaged/ }, statement);
      assert.deepEqual(await files.deploy("shop", "one"), first, statement);
      assert.equal(files.catalog.app(mainTenant, "shop")?.problem, null, statement);
      assert.deepEqual(files.live("shop"), first, statement);
    }
    for (const [statement] of damages) {
      files.damage(statement, (await files.deploy("shop", "one")).app);
      files.catalog.remove(files.id("shop"));
      assert.equal(names.holder(mainTenant, "shop"), undefined, statement);
    }
  });

  test("a damaged number in one manifest keeps no other app's kind of machines from being known", async () => {
    await files.deploy("torn", "1");
    await files.deploy("fine", "1", { memoryMb: 512 });
    files.damage("UPDATE revisions SET manifest = json_set(manifest, '$.memoryMb', 9223372036854775807) WHERE app = ?", files.id("torn"));
    assert.deepEqual(files.catalog.kinds(), [{ memoryMb: 512, vcpus: 1 }]);
  });

  test("a revision that was stored before a key existed has its default, and its code is still what was deployed", async () => {
    const revision = await files.deploy("shop", "one");
    const { queue: _, ...older } = revision.manifest;
    files.sql("UPDATE revisions SET manifest = ?, digest = ?", JSON.stringify(older), revisionDigest(older as Manifest, codeOf("one")));
    files.reopen();
    assert.deepEqual(files.live("shop")?.manifest, revision.manifest);
    assert.deepEqual(texts(await bundlesOf(files.catalog, revision.id)), ["one"]);
  });

  test("the same upload is the same revision, whatever the order of its keys, and a deploy of what is live changes nothing", async () => {
    const first = await files.deploy("shop", "one", { env: { A: "1", B: "2" } });
    assert.deepEqual(await files.deploy("shop", "one", { env: { B: "2", A: "1" } }, refuse), first);
    assert.deepEqual(files.numbers("shop"), [1]);
    await files.deploy("shop", "two");
    assert.deepEqual(await files.deploy("shop", "one", { env: { A: "1", B: "2" } }), first);
    assert.deepEqual([files.numbers("shop"), files.live("shop")?.number], [[2, 1], 1]);
  });

  test("a change of code or of manifest is another revision; numbers count per app, and never come again", async () => {
    await files.deploy("other", "one");
    const revisions = [
      await files.deploy("shop", "one"),
      await files.deploy("shop", "two"),
      await files.deploy("shop", "two", { memoryMb: 512 }),
    ];
    assert.deepEqual(
      revisions.map(({ number }) => number),
      [1, 2, 3],
    );
    assert.equal(new Set(revisions.map(({ digest }) => digest)).size, 3);
    assert.equal(files.live("shop")?.id, revisions[2]!.id);
    const { app } = revisions[0]!;
    files.catalog.remove(app);
    const again = await files.deploy("shop", "one");
    assert.deepEqual([again.number, again.app], [4, app]);
  });

  test("an app keeps its newest revisions and those that an alias names, and no code of others", async () => {
    files.reopen({ revisionsKept: 3 });
    const first = await files.deploy("shop", "first");
    files.catalog.point(first.app, "canary", [{ revision: 1, weight: 1 }]);
    for (let at = 2; at < 7; at++) await files.deploy("shop", `v${at}`);
    assert.deepEqual(files.numbers("shop"), [6, 5, 4, 1]);
    files.catalog.removeAlias(first.app, "canary");
    await files.deploy("shop", "v7");
    assert.deepEqual(files.numbers("shop"), [7, 6, 5]);
    await files.catalog.settled();
    assert.deepEqual([files.count("code"), files.count("parts")], [3, 3]);
  });

  test("code that changed on disk is not handed out", async () => {
    const revision = await files.deploy("shop", "one");
    files.sql("UPDATE parts SET bytes = x'00'");
    await assert.rejects(bundlesOf(files.catalog, revision.id), { code: "state-damaged" });
  });

  test("a deploy of the same upload repairs what was damaged of it, for every app that shares the code", async () => {
    const code = codeOf(Buffer.alloc(2 * 2 ** 20 + 7, "code"));
    const damages = [
      "UPDATE parts SET bytes = x'00' WHERE at = 1",
      "DELETE FROM parts",
      "INSERT INTO parts SELECT code, 3, bytes FROM parts WHERE at = 2",
      "DELETE FROM code",
      "UPDATE code SET bytes = 9223372036854775807",
      "DELETE FROM functions",
      "UPDATE functions SET format = 'xyz'",
      "UPDATE revisions SET manifest = '{'",
      "UPDATE revisions SET manifest = json_set(manifest, '$.timeoutMs', 5000)",
    ];
    const first = await files.deploy("shop", code);
    const other = await files.deploy("other", code);
    for (const damage of damages) {
      files.damage(damage);
      await assert.rejects(async () => bundlesOf(files.catalog, first.id), { code: "state-damaged" }, damage);
      assert.deepEqual(await files.deploy("shop", code), first, damage);
      assert.deepEqual(await bundlesOf(files.catalog, first.id), code, damage);
      if (/parts|code SET|FROM code/.test(damage)) assert.deepEqual(await bundlesOf(files.catalog, other.id), code, damage);
      else await files.deploy("other", code);
    }
  });

  test("code is read a part at a time, with turns for other work, and to its end though its app is removed meanwhile", async () => {
    const code = Buffer.alloc(5 * 2 ** 20 + 7, "code");
    const { id, app } = await files.deploy("shop", codeOf(code));
    let turns = 0;
    let isRead = false;
    const count = (): void => void (turns++, isRead || setImmediate(count));
    setImmediate(count);
    const pieces: Uint8Array[] = [];
    for await (const part of files.catalog.code(id).parts()) {
      if (pieces.push(part) > 1) continue;
      files.catalog.remove(app);
      files.catalog.setSecret(app, "KEY", "another write while the code is read");
    }
    isRead = true;
    assert.deepEqual([pieces.length, Buffer.concat(pieces).equals(code)], [6, true]);
    assert.ok(turns >= 4, `${turns} turns`);
    assert.throws(() => files.catalog.code(id), { code: "no-such-version" });
    await files.deploy("other", "sweeps what is left");
    await files.catalog.settled();
    assert.equal(files.count("code"), 1);
  });

  test("remove takes the app, its revisions, code and secrets, and leaves other apps alone", async () => {
    const { app } = await files.deploy("shop", "one");
    const other = await files.deploy("other", "two");
    files.catalog.setSecret(app, "KEY", "v");
    files.catalog.remove(app);
    assert.deepEqual(files.catalog.live(app), []);
    assert.deepEqual(files.catalog.secretNames(app), []);
    assert.deepEqual(files.live("other"), other);
    await files.catalog.settled();
    assert.equal(files.count("code"), 1);
    assert.throws(() => files.catalog.remove(app), { code: "no-such-app", message: /no app shop/ });
  });

  test("the catalog knows which apps must be ready before their first call, and which kinds of machines live revisions choose", async () => {
    await files.deploy("cold", "1");
    await files.deploy("ready", "1", { minMachines: 1 });
    await files.deploy("reserving", "1", { reservedBlanks: 2, memoryMb: 512 });
    await files.deploy("hosted", "1", { hosts: { "www.shop.example": "main" }, kernel: "osv" });
    // A revision that no call goes to counts no more.
    await files.deploy("changed", "1", { memoryMb: 1_024 });
    await files.deploy("changed", "2");
    const python = { entry: "a.py", handler: "handler", runtime: "python" as const };
    await files.deploy("mixed", "1", { functions: { main: python, b: { entry: "b", handler: "b" }, c: python }, memoryMb: 512 });
    const server = (program: string) => ({ command: [program], handler: "handler", runtime: "server" as const });
    await files.deploy("servers", "1", { functions: { main: server("./a"), b: server("java"), c: server("python3") } });
    const { names } = files.catalog;
    assert.deepEqual(new Set(files.catalog.eager().map((id) => names.nameOf(id)?.name)), new Set(["ready", "reserving", "hosted"]));
    assert.deepEqual(
      new Set(files.catalog.kinds()),
      new Set([
        { memoryMb: 256, vcpus: 1 },
        { memoryMb: 512, vcpus: 1 },
        { memoryMb: 256, vcpus: 1, kernel: "osv" },
        { memoryMb: 512, vcpus: 1, runtime: "python" },
        { memoryMb: 256, vcpus: 1, runtime: "server" },
        { memoryMb: 256, vcpus: 1, runtime: "server-java" },
        { memoryMb: 256, vcpus: 1, runtime: "server-python" },
      ]),
    );
    assert.equal(files.catalog.count(), 7);
  });
});

describe("aliases", () => {
  test("point at revisions by number, id or digest, with weights, and outlive a restart", async () => {
    const old = await files.deploy("shop", "one");
    const next = await files.deploy("shop", "two");
    const { app } = old;
    assert.deepEqual(files.catalog.point(app, "live", [{ revision: old.digest, weight: 1 }]), [{ revision: old, weight: 1 }]);
    const split = [
      { revision: next.id, weight: 10 },
      { revision: 1, weight: 90 },
    ];
    files.catalog.point(app, "canary", split);
    files.reopen();
    assert.deepEqual(files.live("shop"), old);
    assert.deepEqual(files.catalog.app(mainTenant, "shop")?.aliases, [
      {
        name: "canary",
        targets: [
          { revision: old.id, number: 1, weight: 90 },
          { revision: next.id, number: 2, weight: 10 },
        ],
      },
      { name: "live", targets: [{ revision: old.id, number: 1, weight: 1 }] },
    ]);
    files.catalog.removeAlias(app, "canary");
    assert.throws(() => files.catalog.removeAlias(app, "canary"), { code: "no-such-alias", message: /App shop has no alias canary/ });
  });

  test("pointing at a revision that is not there, or another app's, throws no-such-version and changes nothing", async () => {
    const revision = await files.deploy("shop", "one");
    const other = await files.deploy("other", "two");
    for (const wrong of ["f00", 9, other.id, other.digest])
      assert.throws(() => files.catalog.point(revision.app, "live", [{ revision: wrong, weight: 1 }]), { code: "no-such-version" });
    assert.deepEqual(files.live("shop"), revision);
  });
});

describe("secrets", () => {
  const app = () => files.catalog.names.appId(mainTenant, "shop");

  test("come back by name, after a restart too", () => {
    files.catalog.setSecret(app(), "KEY", "old");
    files.catalog.setSecret(app(), "KEY", "naïve ☃");
    files.reopen();
    assert.deepEqual(files.catalog.secretNames(app()), ["KEY"]);
    assert.deepEqual(files.catalog.secrets(app(), ["KEY"]), { KEY: "naïve ☃" });
    files.catalog.removeSecret(app(), "KEY");
    assert.throws(() => files.catalog.secrets(app(), ["KEY"]), { code: "no-such-secret", message: /shop/ });
  });

  test("are not in the file in clear", () => {
    files.catalog.setSecret(app(), "KEY", "correct horse battery staple");
    files.catalog.close();
    assert.ok(!readFileSync(files.file).includes("correct horse"));
    files.catalog = files.open();
  });

  test("the key file is readable by its owner only", () => {
    assert.equal(statSync(join(files.dir, "key")).mode & 0o777, 0o600);
    assert.equal(readFileSync(join(files.dir, "key")).length, 32);
  });

  test("a value moved to another name or app does not open", () => {
    files.catalog.setSecret(app(), "KEY", "v");
    const other = files.catalog.names.appId(mainTenant, "other");
    files.sql("INSERT INTO secrets SELECT ?, name, sealed FROM secrets", other);
    assert.throws(() => files.catalog.secrets(other, ["KEY"]), { code: "secret-key-unusable" });
    files.sql("UPDATE secrets SET name = 'OTHER'");
    assert.throws(() => files.catalog.secrets(app(), ["OTHER"]), { code: "secret-key-unusable" });
  });

  test("a missing key is refused if secrets exist, and created if none does", () => {
    const key = join(files.dir, "key");
    rmSync(key);
    files.reopen();
    files.catalog.setSecret(app(), "KEY", "v");
    files.catalog.close();
    rmSync(key);
    assert.throws(() => files.open(), { code: "secret-key-unusable" });
    writeFileSync(key, "short");
    assert.throws(() => files.open(), { code: "secret-key-unusable" });
    rmSync(key);
    files.sql("DELETE FROM secrets");
    assert.throws(() => files.open({ isKeyUsedBesides: () => true }), { code: "secret-key-unusable" });
    assert.ok(!existsSync(key));
    files.catalog = files.open({ isKeyUsedBesides: () => false });
  });
});

describe("the file", () => {
  test("a file from a newer Mayfly is refused by name", () => {
    files.catalog.close();
    const [known] = files.sql("PRAGMA user_version");
    files.sql("PRAGMA user_version = 99");
    assert.throws(() => files.open(), { code: "state-newer" });
    files.sql(`PRAGMA user_version = ${Number(known!["user_version"])}`);
    files.catalog = files.open();
  });

  test("a file whose schema is newer than its user_version says, or whose user_version is negative, is damaged and stays as it is", async () => {
    const first = await files.deploy("shop", "one");
    files.catalog.close();
    const known = Number(files.sql("PRAGMA user_version")[0]!["user_version"]);
    for (let version = -1; version < known; version++) {
      files.sql(`PRAGMA user_version = ${version}`);
      assert.throws(() => files.open(), { code: "state-damaged", message: new RegExp(`user_version is ${version}\\b`) });
    }
    files.sql(`PRAGMA user_version = ${known}`);
    files.catalog = files.open();
    assert.deepEqual(files.live("shop"), first);
  });

  test("a file that is not a database is reported as damaged", () => {
    writeFileSync(join(files.dir, "noise.db"), "x".repeat(8_192));
    assert.throws(() => openCatalog(join(files.dir, "noise.db"), join(files.dir, "key")), { code: "state-damaged" });
  });

  test("showing an app is one query, however many revisions and aliases it has", async () => {
    for (const code of ["one", "two", "three"]) await files.deploy("shop", code);
    const queries = await countQueries(files, (catalog) => catalog.app(mainTenant, "shop"));
    assert.equal(queries, 1);
  });
});

describe("the quota of code", () => {
  const MB = 2 ** 20;
  const of = (megabytes: number, fill: number) => codeOf(Buffer.alloc(megabytes * MB, fill));
  const reopenWith = (perApp: number, inAll: number) => files.reopen({ quota: { perApp: perApp * MB, inAll: inAll * MB } });
  const stored = (app: string) => files.numbers(app).length;

  test("older revisions of an app go first, and the one that calls go to never does", async () => {
    reopenWith(3, 100);
    for (const fill of [1, 2, 3, 4, 5]) await files.deploy("shop", of(1, fill));
    assert.equal(stored("shop"), 3);
    await assert.rejects(files.deploy("shop", of(4, 6)), { code: "no-room", message: /one app would take 4 MB; 3 are allowed/ });
    assert.equal(stored("shop"), 3);
    assert.equal((await bundlesOf(files.catalog, files.live("shop")!.id))[0]!.code[0], 5);
    await files.catalog.settled();
    assert.equal(files.count("code"), 3, "nothing stays of what was refused");
  });

  test("a damaged number of bytes makes no other app's deploy fail", async () => {
    reopenWith(3, 4);
    await files.deploy("torn", of(1, 1));
    for (const bytes of ["9223372036854775807", "-9223372036854775808"]) {
      files.damage(
        `UPDATE code SET bytes = ${bytes} WHERE digest IN (SELECT code FROM functions WHERE revision = ?)`,
        files.live("torn")!.id,
      );
      await files.deploy("shop", of(2, 2));
      await files.deploy("torn", of(1, bytes.length));
      await assert.rejects(files.deploy("other", of(4, 3)), { code: "no-room", message: /one app/ });
    }
  });

  test("all apps together have a quota, in which code that several apps share counts once", async () => {
    for (const app of ["a", "b", "c"]) await files.deploy(app, of(1, app.charCodeAt(0)));
    reopenWith(100, 4);
    await files.deploy("c", of(1, 2));
    await files.deploy("c", of(1, 3));
    assert.equal(stored("c"), 2);
    await assert.rejects(files.deploy("d", of(1, 4)), { code: "no-room", message: /all apps together/ });
    await files.deploy("e", of(1, "a".charCodeAt(0)));
    files.catalog.remove(files.id("b"));
    await files.deploy("d", of(1, 4));
  });
});

describe("what was removed", () => {
  test("is no longer in the file and takes no room in it", async () => {
    const needle = Buffer.from("a secret algorithm ".repeat(500_000));
    await files.deploy("kept", "kept");
    await files.deploy("shop", codeOf(needle));
    await files.deploy("last", "last");
    files.catalog.remove(files.id("shop"));
    await files.catalog.settled();
    const file = readFileSync(files.file);
    assert.ok(!file.includes("secret algorithm"));
    assert.ok(file.length < 1_000_000, `${file.length} bytes`);
    files.reopen();
    assert.deepEqual(texts(await bundlesOf(files.catalog, files.live("last")!.id)), ["last"]);
  });
});

/** How many statements the catalog runs during `work`. */
async function countQueries(of: CatalogInFolder, work: (catalog: Catalog) => unknown): Promise<number> {
  const original = Object.getOwnPropertyDescriptor(DatabaseSync.prototype, "prepare") as PropertyDescriptor;
  let count = 0;
  const prepare = function (this: DatabaseSync, ...given: unknown[]) {
    const statement = Reflect.apply(original.value as (...values: unknown[]) => StatementSync, this, given);
    for (const method of ["get", "all", "run", "iterate"] as const) {
      const run = statement[method].bind(statement) as (...values: unknown[]) => unknown;
      Object.defineProperty(statement, method, {
        value: (...values: unknown[]) => {
          count += 1;
          return run(...values);
        },
      });
    }
    return statement;
  };
  Object.defineProperty(DatabaseSync.prototype, "prepare", { ...original, value: prepare });
  const catalog = of.open();
  try {
    await catalog.settled();
    count = 0;
    work(catalog);
    return count;
  } finally {
    catalog.close();
    Object.defineProperty(DatabaseSync.prototype, "prepare", original);
  }
}
