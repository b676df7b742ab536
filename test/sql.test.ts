/** Functions with SQL databases of their own, on machines without a network. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { DatabaseSync } from "node:sqlite";
import { mayfly } from "./command.ts";
import { createScope, deploy, eventually, type Platform, startPlatform, temporaryFolder } from "./platform.ts";

interface Answer {
  answer?: never;
  code?: string;
  message?: string;
}

describe("SQL databases of an app", () => {
  const scope = createScope();
  let platform: Platform;
  before(async () => {
    platform = await startPlatform(scope, { driver: "process", sql: { maxMb: 4, timeoutS: 2, copyEveryS: 1 } });
    await deploy(platform.client, "test/apps/sql", {});
  });
  after(() => scope.close());

  const ask = async (how: string, sql: string | string[], params: unknown[][] = [], more: object = {}, app = "sql"): Promise<Answer> => {
    const body = JSON.stringify({ how, sql: [sql].flat(), params, ...more });
    const response = await platform.call(`/${app}/ask`, { method: "POST", body });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text) as Answer;
  };
  const rows = async (sql: string, params: unknown[] = [], more: object = {}): Promise<unknown[][]> => {
    const { answer, message } = await ask("raw", sql, [params], more);
    assert.equal(message, undefined);
    return answer as unknown as unknown[][];
  };
  const codes = async (sql: string): Promise<string | undefined> => (await ask("all", sql)).code;

  test("are env.DB in the shape of Cloudflare's D1", async () => {
    assert.deepEqual(
      Object.keys((await ask("exec", "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b); CREATE INDEX tb ON t (b)")).answer!),
      ["duration"],
    );
    const { answer } = await ask("all", "INSERT INTO t (a, b) VALUES (?, ?), (?2, ?1) RETURNING id, a", [["ä", 1.5]]);
    const { duration, size_after: size, ...meta } = (answer as unknown as { meta: Record<string, number> }).meta;
    assert.ok(duration! >= 0 && size! >= 4_096);
    assert.deepEqual(
      [(answer as unknown as { results: object[] }).results, meta],
      [
        [
          { id: 1, a: "ä" },
          { id: 2, a: "1.5" },
        ],
        { changes: 2, last_row_id: 2, changed_db: true },
      ],
    );
    assert.deepEqual((await ask("first", "SELECT * FROM t WHERE id = ?", [[1]])).answer, { id: 1, a: "ä", b: 1.5 });
    assert.equal((await ask("first", "SELECT * FROM t", [], { more: "a" })).answer, "ä");
    assert.equal((await ask("first", "SELECT * FROM t WHERE id = 9")).answer, null);
    assert.match((await ask("first", "SELECT * FROM t", [], { more: "none" })).message!, /D1_COLUMN_NOTFOUND/);
    assert.deepEqual(await rows("SELECT ?, ?, ?, ?", [true, null, [1, 255], 9_007_199_254_740_991]), [
      [1, null, [1, 255], 9_007_199_254_740_991],
    ]);
    assert.deepEqual(await rows("SELECT a AS x, b AS x FROM t WHERE id = 1", [], { more: { columnNames: true } }), [
      ["x", "x"],
      ["ä", 1.5],
    ]);
    assert.deepEqual(await rows("SELECT typeof(?), typeof(?)", [1, 1.5]), [["integer", "real"]]);
  });

  test("refuse a statement whose writer meant something else than SQLite would do", async () => {
    const said = async (sql: string, values: unknown[] = []) => (await ask("all", sql, [values])).message ?? "carried out";
    assert.match(await said("INSERT INTO t (a) VALUES ('one'); INSERT INTO t (a) VALUES ('two')"), /more than one statement/);
    assert.match(await said("INSERT INTO t (a, b) VALUES (?, ?)", ["alone"]), /the statement has 2, and 1 were given/);
    assert.match(await said("SELECT ?3", [1, 2]), /the statement has 3, and 2 were given/);
    assert.match(await said("SELECT :id", [1]), /:id has a name/);
    assert.deepEqual(await rows("SELECT count(*) FROM t"), [[2]]);
    const odd = `SELECT '?''?' AS "a?", ? AS [b?] -- ?\n FROM t /* ? */ WHERE id = ?1 AND a <> ':a'; -- ;\n`;
    assert.deepEqual(await rows(odd, [1]), [["?'?", 1]]);
  });

  test("do statements that are given together all or not at all", async () => {
    const insert = "INSERT INTO t (a) VALUES (?)";
    const { code, message } = await ask("batch", [insert, insert], [["new"], ["ä"]]);
    assert.deepEqual([code, /UNIQUE constraint failed: t\.a/.test(message!)], ["sql-error", true]);
    assert.deepEqual(await rows("SELECT count(*) FROM t"), [[2]]);
    const { answer } = await ask("batch", [insert, "SELECT count(*) AS n FROM t"], [["new"], []]);
    assert.deepEqual((answer as unknown as { results: object[] }[])[1]!.results, [{ n: 3 }]);
  });

  test("reach nothing but themselves", async () => {
    for (const sql of [
      "ATTACH '/etc/passwd' AS x",
      "VACUUM INTO '/x.db'",
      "PRAGMA journal_mode = DELETE",
      "PRAGMA max_page_count = 1000000",
      "PRAGMA writable_schema = ON",
      "SELECT load_extension('x')",
      "BEGIN",
      "SAVEPOINT x",
      "SELEC",
      "",
    ])
      assert.equal(await codes(sql), "sql-error", sql);
    assert.deepEqual(await rows("SELECT name FROM pragma_table_info('t')"), [["id"], ["a"], ["b"]]);
    await deploy(platform.client, "test/apps/sql", { name: "thief" });
    assert.equal((await ask("all", "SELECT * FROM t", [], {}, "thief")).code, "sql-error");
    assert.equal((await ask("all", "SELECT * FROM t", [], { on: "OTHER" })).code, "sql-error");
    const plain = await platform.call("/sql/plain", {
      method: "POST",
      body: JSON.stringify({ host: "sql.services.mayfly.internal", path: "/v1/unbound/query", method: "POST", body: '{"script":""}' }),
    });
    assert.match(await plain.text(), /no-such-sql/);
  });

  test("are bounded in time, in what they return and in size, and go on afterwards", async () => {
    const endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)";
    const [slow, ...quick] = await Promise.all([
      ask("all", `${endless} SELECT count(*) FROM n`),
      ...Array.from({ length: 5 }, () => ask("first", "SELECT 7 AS n", [], { more: "n" })),
    ]);
    assert.equal(slow.code, "sql-timeout");
    assert.deepEqual(
      quick.map(({ answer }) => answer),
      [7, 7, 7, 7, 7],
    );
    assert.equal(await codes(`${endless} SELECT i, hex(zeroblob(10000)) FROM n`), "sql-too-large");
    assert.equal(await codes(`${endless} INSERT INTO t (b) SELECT zeroblob(100000) FROM n LIMIT 100`), "sql-full");
    assert.deepEqual(await rows("SELECT count(*) FROM t"), [[3]]);
  });

  test(
    "run in a process without privileges, in its tenant's folder",
    { skip: process.geteuid?.() !== 0 && "the server does not run as root" },
    async () => {
      await rows("SELECT 1");
      const child = readdirSync("/proc").find(
        (pid) => /^\d+$/.test(pid) && commandOf(pid).includes(`sql/child/main.ts\0{"folder":"${platform.stateDir}`),
      );
      assert.ok(child !== undefined);
      const status = readFileSync(`/proc/${child}/status`, "utf8");
      assert.match(status, /^Uid:\t(?!0\t)\d+\t/m);
      assert.match(status, /^CapEff:\t0+$/m);
      assert.match(status, /^NoNewPrivs:\t1$/m);
      assert.deepEqual(
        readdirSync(`/proc/${child}/root`).filter((name) => !name.startsWith("app_")),
        [],
      );
      assert.equal(readFileSync(`/proc/${child}/net/dev`, "utf8").trim().split("\n").length, 3);
    },
  );

  test("are gone with their app", async () => {
    const folder = join(platform.stateDir, "sql/ten_main");
    assert.equal(
      readdirSync(folder)
        .flatMap((app) => readdirSync(join(folder, app)))
        .filter((file) => file.endsWith(".db")).length > 0,
      true,
    );
    await platform.client.removeApp("sql");
    await platform.client.removeApp("thief");
    await eventually(
      "the files to be gone",
      () => readdirSync(folder).flatMap((app) => readdirSync(join(folder, app))),
      (files) => files.length === 0,
    );
    await deploy(platform.client, "test/apps/sql", {});
    assert.equal(await codes("SELECT * FROM t"), "sql-error");
  });

  const cli = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await mayfly(["sql", ...args, "--state", platform.stateDir]);
    return code === 0 ? stdout : `${code} ${stderr}`;
  };

  test("keep copies of what they were, which can be read, restored, and made databases of their own", async () => {
    const { client } = platform;
    const run = async (sql: string, copy?: number) =>
      (await client.runSql("sql", "past", { statements: [{ sql, params: [] }], ...(copy !== undefined && { copy }) }))[0]!.rows;
    await run("CREATE TABLE p (a)");
    await run("INSERT INTO p VALUES ('before')");
    // The next statement that comes a second later finds that it was changed since it was made, and copies it before it does anything.
    await eventually(
      "a copy that was made by itself",
      async () => (await run("SELECT * FROM p"), await client.sqlCopies("sql", "past")),
      (copies) => copies.length > 0,
    );
    await run("DELETE FROM p");
    const copy = (await client.sqlCopies("sql", "past")).at(-1);
    assert.deepEqual([await run("SELECT a FROM p"), await run("SELECT a FROM p", copy!.at)], [[], [["before"]]]);
    await assert.rejects(run("DELETE FROM p", copy!.at), { code: "sql-error" });
    await assert.rejects(run("ATTACH '/etc/passwd' AS x", copy!.at), { code: "sql-error" });
    await assert.rejects(run("SELECT 1", 7), { code: "no-such-copy" });
    await run("INSERT INTO p VALUES ('after')");
    assert.match(await cli("restore", "sql", "past", "--at", String(copy!.at), "--as", "back"), /^back is past as it was at /);
    assert.match(await cli("restore", "sql", "past", "--at", String(copy!.at), "--as", "back"), /sql-exists/);
    assert.match(await cli("sql", "back", "SELECT a FROM p"), /before/);
    const restored = JSON.parse(await cli("restore", "sql", "past", "--at", new Date(copy!.at).toISOString(), "--json")) as {
      saved: { at: number };
    };
    assert.deepEqual([await run("SELECT a FROM p"), await run("SELECT a FROM p", restored.saved.at)], [[["before"]], [["after"]]]);
    assert.match(await cli("restore", "sql", "past", "--at", "2020-01-01"), /no-such-copy/);
  });

  test("are used by mayfly sql within the same bounds, and moved as SQL", async () => {
    assert.match(await cli("list", "sql"), /back +\d+/);
    const make = `CREATE TABLE "od d" (id INTEGER PRIMARY KEY AUTOINCREMENT, t TEXT, b BLOB, r REAL, g AS (id * 2)); CREATE INDEX byT ON "od d" (t);
      CREATE TABLE w (k TEXT PRIMARY KEY, o REFERENCES "od d") WITHOUT ROWID; CREATE VIEW v AS SELECT t FROM "od d";
      CREATE TRIGGER tr AFTER INSERT ON w BEGIN UPDATE "od d" SET t = 'it;s'; END;
      INSERT INTO "od d" (t, b, r) VALUES ('ä''x;', x'00ff', 0.1), (NULL, NULL, -1e300); INSERT INTO w VALUES ('k', 2); DELETE FROM "od d" WHERE id = 1; PRAGMA user_version = 7`;
    assert.match(await cli("sql", "moved", make), /changed\./);
    await platform.client.runSql("sql", "moved", {
      statements: [
        {
          sql: "WITH n (x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n WHERE x < 2500) INSERT INTO w SELECT 'n' || x, 2 FROM n",
          params: [],
        },
      ],
    });
    const file = join(temporaryFolder(scope), "moved.sql");
    assert.match(await cli("export", "sql", "moved", "--file", file), /^Wrote \d+ bytes/);
    assert.match(await cli("import", "sql", "again", file), /^Carried out 25\d\d statements/);
    const all =
      'SELECT id, t, b, r, g, (SELECT count(*) FROM w) AS n, (SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema ORDER BY name)) AS names, (SELECT seq FROM sqlite_sequence) AS seq FROM "od d"';
    const [one, other] = [await cli("sql", "moved", all, "--json"), await cli("sql", "again", all, "--json")];
    const rowsIn = (text: string) => (JSON.parse(text) as { rows: unknown[] }[])[0]!.rows;
    assert.deepEqual(rowsIn(other), rowsIn(one));
    assert.deepEqual(rowsIn(await cli("sql", "again", "PRAGMA user_version", "--json")), [[7]]);
    // SQLite's own library reads it as well.
    const db = new DatabaseSync(":memory:");
    db.exec(readFileSync(file, "utf8"));
    assert.equal(db.prepare("SELECT count(*) AS n FROM w").get()!["n"], 2_501);
    db.close();
    assert.match(await cli("import", "sql", "again", file), /0 of 25\d\d statements are carried out.*already exists/s);
    assert.match(await cli("sql", "moved", "ATTACH '/etc/passwd' AS x"), /not authorized/);
    assert.match(await cli("sql", "moved", "WITH n (x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"), /sql-timeout/);
    assert.match(await cli("remove", "sql", "moved"), /--force/);
    assert.match(await cli("remove", "sql", "moved", "--force"), /is removed/);
    assert.doesNotMatch(await cli("list", "sql"), /moved/);
  });
});

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
