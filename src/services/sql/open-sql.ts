import { existsSync, readdirSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ServerStart } from "../../base/config/server-start.ts";
import { MayflyError } from "../../base/errors/error.ts";
import type { Uids } from "../../base/uids/uids.ts";
import type { OpenAccounts } from "../../store/ledger/create-accounts.ts";
import type { EventStream } from "../../telemetry/event-stream.ts";
import { timeOf } from "./child/copies.ts";
import type { SqlAsk } from "./child/messages.ts";
import { type Database, MOST_DATABASES, type SqlCopy, type SqlDatabases, type SqlResult } from "./sql.ts";
import { type SqlAnswer, SqlProcess } from "./sql-process.ts";

export interface SqlNeeds {
  uids: Uids;
  /** What an app that is removed has goes, too. */
  events: EventStream;
  accounts: Pick<OpenAccounts, "serviceUsed">;
  tenantOf: (app: string) => string | undefined;
  /** For errors. */
  nameOf: (app: string) => string;
}

const MIB = 2 ** 20;
const DAY_MS = 86_400_000;
/** A database's file, and those beside it. */
const FILE = /^(.+)\.db(-wal|-shm|-journal|\.new)?$/;

/** Opens the SQL databases of a state folder: `sql/<tenant's id>/<app's id>/<name>.db`. A tenant has a process for them while it uses one. */
export function openSql(
  { config, clock, log, closing }: Pick<ServerStart, "config" | "clock" | "log" | "closing">,
  { uids, events, accounts, tenantOf, nameOf }: SqlNeeds,
): SqlDatabases {
  const folder = join(config.stateDir, "sql");
  const { maxMb, memoryMb, timeoutS, copyEveryS, copyDays, copiesMb } = config.sql;
  const rules = { everyMs: 1_000 * copyEveryS, keepMs: DAY_MS * copyDays, mostBytes: copiesMb * MIB };
  const processes = new Map<string, SqlProcess>();
  /** The names of databases that requests may make that are under way, by the folders of their apps. */
  const making = new Map<string, readonly string[]>();
  const onFailure = (error: unknown) =>
    log.error({ err: error }, "SQL databases: what was under way was refused, or a file was not removed");
  const folderOf = ({ tenant, app }: Omit<Database, "name">) => join(folder, tenant, app);

  function processOf(tenant: string): SqlProcess {
    const known = processes.get(tenant);
    if (known !== undefined) return known;
    const made = new SqlProcess({
      tenant,
      folder: join(folder, tenant),
      uids: process.geteuid?.() === 0 ? uids : undefined,
      memoryMb,
      timeoutMs: 1_000 * timeoutS,
      clock,
      onFailure,
    });
    processes.set(tenant, made);
    return made;
  }

  function namesIn(where: Omit<Database, "name">): string[] {
    const own = folderOf(where);
    const files = existsSync(own) ? readdirSync(own) : [];
    return files.filter((file) => file.endsWith(".db")).map((file) => file.slice(0, -".db".length));
  }

  function ask({ tenant, app, name }: Database, asked: SqlAsk): Promise<SqlAnswer> {
    return processOf(tenant).run({ app, name, mostBytes: maxMb * MIB, rules, now: clock.wall(), ask: asked });
  }

  async function resultsOf(database: Database, asked: SqlAsk): Promise<SqlResult[]> {
    const answer = await ask(database, asked);
    const results = "results" in answer ? answer.results : [];
    const writes = results.filter(({ meta }) => meta.changes > 0).length;
    accounts.serviceUsed(database.app, "sql", { writes, reads: results.length - writes });
    return results;
  }

  function copiesOf(database: Database): string {
    return join(folderOf(database), "copies", database.name);
  }

  async function copyMade(database: Database, asked: SqlAsk): Promise<SqlCopy | null> {
    const answer = await ask(database, asked);
    if (!("copy" in answer) || answer.copy === null) return null;
    return { at: answer.copy, bytes: (await stat(join(copiesOf(database), `${answer.copy}.db`))).size };
  }

  function isThere(database: Database): boolean {
    return existsSync(join(folderOf(database), `${database.name}.db`));
  }

  /** What may make a database. Rejects with "sql-full". Those that are being made count, too: many may be asked for at once. */
  async function within<T>(database: Database, work: () => Promise<T>): Promise<T> {
    if (isThere(database)) return work();
    const own = folderOf(database);
    const names = [...(making.get(own) ?? []), database.name];
    if (new Set([...namesIn(database), ...names]).size > MOST_DATABASES) throw new MayflyError("sql-full");
    making.set(own, names);
    try {
      return await work();
    } finally {
      const left = making.get(own)!.toSpliced(making.get(own)!.indexOf(database.name), 1);
      if (left.length > 0) making.set(own, left);
      else making.delete(own);
    }
  }

  async function remove({ tenant, app }: Omit<Database, "name">, wanted: (file: string) => boolean): Promise<void> {
    // The process has the files open, and would make them again.
    await processes.get(tenant)?.rest();
    const own = folderOf({ tenant, app });
    for (const file of await readdir(own).catch(() => [])) if (wanted(file)) await rm(join(own, file), { recursive: true, force: true });
  }

  closing.defer(async () => {
    await Promise.all([...processes.values()].map((each) => each.close()));
  });
  closing.defer(
    events.listen({
      "app-removed": ({ app }) => {
        const tenant = tenantOf(app);
        if (tenant === undefined || !existsSync(folderOf({ tenant, app }))) return;
        remove({ tenant, app }, () => true).catch(onFailure);
      },
    }),
  );
  return {
    run: (database, request) => within(database, () => resultsOf(database, { request })),
    runOnCopy: (database, at, request) => resultsOf(database, { request, copy: at }),
    async copies(database) {
      const files = await readdir(copiesOf(database)).catch(() => []);
      const times = files.flatMap((file) => timeOf(file) ?? []).toSorted((a, b) => b - a);
      // One may be removed meanwhile.
      const sizes = times.map((at) =>
        stat(join(copiesOf(database), `${at}.db`)).then(
          ({ size }) => [{ at, bytes: size }],
          () => [],
        ),
      );
      return (await Promise.all(sizes)).flat();
    },
    async copy(database) {
      if (!isThere(database)) throw new MayflyError("no-such-sql", { app: nameOf(database.app), database: database.name });
      return (await copyMade(database, { makeCopy: true }))!;
    },
    async restore(database, at, as) {
      const target = { ...database, name: as };
      if (as !== database.name && isThere(target)) throw new MayflyError("sql-exists", { database: as });
      return within(target, () => copyMade(database, { restore: at, as }));
    },
    async databases(tenant, app) {
      const names = namesIn({ tenant, app });
      const sizes = await Promise.all(names.map((name) => stat(join(folderOf({ tenant, app }), `${name}.db`)).then(({ size }) => size)));
      return names.map((name, at) => ({ name, bytes: sizes[at]! })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    },
    async drop(database) {
      await remove(database, (file) => FILE.exec(file)?.[1] === database.name);
      await rm(copiesOf(database), { recursive: true, force: true });
    },
  };
}
