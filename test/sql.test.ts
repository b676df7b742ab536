/** Functions with SQL databases of their own, on machines without a network. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createScope, deploy, eventually, type Platform, startPlatform } from "./platform.ts";

interface Answer {
  answer?: never;
  code?: string;
  message?: string;
}

describe("SQL databases of an app", () => {
  const scope = createScope();
  let platform: Platform;
  before(async () => {
    platform = await startPlatform(scope, { driver: "process", sql: { maxMb: 4, timeoutS: 2 } });
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
});

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
