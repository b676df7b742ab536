/**
 * The catalog in one SQLite file.
 *
 * Owns: names, apps, revisions with their code, aliases and encrypted secrets; and the folder `files` beside the file, with large files of apps.
 * Invariants:
 * 1. A revision and the alias that points at it change in one transaction, after the revision's code was written, and are on disk when the
 *    call returns. kill -9 at any moment leaves the old or the new state, and no code that stays without a revision.
 * 2. A revision's digest is the hash of its content, and is checked again when its code is read; but that of large files only when they are read here, and not
 *    when machines read them.
 * 3. An app keeps the revisions that aliases name, and the newest ones: as many as the settings allow and the quota of code has room for.
 *    Older ones are removed in the transaction that adds another.
 * 4. Nothing of an app is held in memory: what is asked for is read. This process is the only writer of the file, because the state folder
 *    is locked.
 * 5. Removing an app always works, on a full disk too, and frees its space.
 * 6. A revision that cannot be read makes its own app unusable, and no other: the catalog opens, and lists the app with its problem.
 */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { type Clock, systemClock } from "../../base/clock/clock.ts";
import { MayflyError } from "../../base/errors/error.ts";
import type { FilesForm } from "../../base/kind/files-form.ts";
import { openLargeFiles } from "../large-files/open-large-files.ts";
import { failureOf } from "../sqlite/failure.ts";
import { openDatabase, type OpenOptions } from "../sqlite/open.ts";
import { createReclaimer, type Reclaimer } from "../sqlite/reclaim.ts";
import { transaction } from "../sqlite/transaction.ts";
import type { Reserve } from "../state-folder/reserve.ts";
import { noReserve, writeWithReserve } from "../state-folder/write-with-reserve.ts";
import type { Catalog } from "./catalog.ts";
import { aliasOf, pointAlias, removeAlias, reservingAliases, rollBack } from "./aliases.ts";
import { canaryOfRevision, runningCanaries, runningCanaryOf } from "./canaries.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import { type CodeQuota, noQuota, refuseMore } from "./code-quota.ts";
import { openCodeStore } from "./code-store.ts";
import { deployInTurns } from "./deploy-in-turns.ts";
import { withdraw } from "./members.ts";
import { openNames } from "./open-names.ts";
import { prepareQueries } from "./queries/prepare.ts";
import { appRow, revisionOf, targetsOf } from "./read.ts";
import { catalogMigrations } from "./schema.ts";
import { openSeal } from "./seal.ts";
import { kindsInUse } from "./kinds-in-use.ts";
import { createProvenHosts } from "./create-proven-hosts.ts";
import { createSigningKeys } from "./create-signing-keys.ts";
import { codeOf } from "./stored-code.ts";
import { openTenants } from "./tenants.ts";

const REVISIONS_KEPT = 10;

/** @param keyFile 32 random bytes that encrypt the secrets, mode 0600; created if it is missing and nothing exists yet that it has sealed */
export function openCatalog(file: string, keyFile: string, options: CatalogOptions = {}): Catalog {
  const { onFailure = () => {}, durability = "full", isKeyUsedBesides = () => false } = options;
  const migrations = catalogMigrations(() => openSeal(keyFile, false));
  const db = openDatabase(file, { durability, migrations, shrinks: true });
  try {
    const queries = prepareQueries(db);
    const mayCreateKey = !existsSync(keyFile) && queries.secrets.any() === undefined && !isKeyUsedBesides();
    const seal = openSeal(keyFile, mayCreateKey);
    const write = <T>(work: () => T): T => writeOnce(db, file, work);
    const { reserve = noReserve } = options;
    const writeByAllMeans = <T>(work: () => T): T => writeWithReserve(write, reserve, work);
    const lent = lentReserve(reserve);
    const large = openLargeFiles({
      folder: join(dirname(file), "files"),
      form: () => options.filesForm?.() ?? "image",
      isEphemeral: durability === "normal",
      clock: options.clock ?? systemClock,
      onFailure,
    });
    const code = openCodeStore({
      large,
      queries: queries.code,
      write,
      writeLoosely: (work) => writeLoosely(db, durability, () => write(work)),
      remove: (work) => writeWithReserve(write, lent, work),
      checkpoint: () => inFile(file, () => db.exec("PRAGMA wal_checkpoint(PASSIVE)")),
    });
    const reclaimer = restoring(
      lent,
      createReclaimer(
        db,
        () => code.sweep(),
        (error) => onFailure(failureOf(error, file)),
      ),
    );
    // A killed server may have left files, rows to remove and pages to give back.
    large.removeOthers(new Set(queries.code.large().map(({ digest }) => digest)));
    reclaimer.start();
    return createCatalog({
      ...defaults,
      ...options,
      db,
      file: basename(file),
      queries,
      seal,
      code,
      large,
      reclaimer,
      write,
      writeByAllMeans,
    });
  } catch (error) {
    db.close();
    throw error;
  }
}

export interface CatalogOptions {
  clock?: Clock;
  /** The default is as much as the disk holds. */
  quota?: CodeQuota;
  /** How many of the newest revisions each app keeps, besides those that aliases name. Default 10. */
  revisionsKept?: number;
  /** In which machines of this server read large files; asked for at each upload. By default an image. */
  filesForm?: () => FilesForm;
  /** Given up if a removal finds the disk full. */
  reserve?: Reserve;
  /** What a change survives once it is confirmed, as of openDatabase(). Default: full. */
  durability?: OpenOptions["durability"];
  /** Called with the reason why the space of what was removed could not be freed. */
  onFailure?: (error: unknown) => void;
  /** Asked if the file of the key is missing: whether the key has sealed more than what the catalog holds. */
  isKeyUsedBesides?: () => boolean;
}

const defaults = { clock: systemClock, quota: noQuota, revisionsKept: REVISIONS_KEPT, reserve: noReserve };

function createCatalog(parts: CatalogParts): Catalog {
  const { queries, seal, write, writeByAllMeans } = parts;
  const signingKeys = createSigningKeys(parts);
  return {
    names: openNames(queries.names, write),
    tenants: openTenants(queries.tenants, parts.clock, write, writeByAllMeans),
    deploy: (tenant, manifest, bundles, take, large, placement) =>
      deployInTurns(parts, { tenant, manifest, bundles, large, placement }, take),
    refuseMoreCode: (tenant, name, bytes) => refuseMore(queries, parts.quota, tenant, name, bytes),
    receiveFiles: (holder, app) => parts.large.receive(holder, app),
    point: (app, alias, targets, take, more) => pointAlias(parts, app, alias, targets, take, more),
    rollBack: (app, take) => rollBack(parts, app, take),
    runningCanaries: () => runningCanaries(parts),
    runningCanary: (app) => runningCanaryOf(parts, app),
    canaryOf: (revision) => canaryOfRevision(parts, revision),
    countCanary: (revision, tallies) => void write(() => queries.traffic.setCounts(revision, JSON.stringify(tallies))),
    withdraw: (app, name, aliases, take) => withdraw(parts, app, name, aliases, take),
    removeAlias: (app, alias) => removeAlias(parts, app, alias),
    remove(app) {
      remove(parts, app);
      signingKeys.forget(app);
    },
    page: (tenant, after, count, text = "") => queries.apps.page(tenant, after, count, text).map((row) => appRow(parts, row)),
    app(tenant, name) {
      const row = queries.apps.byName(tenant, name);
      return row && appRow(parts, row);
    },
    deployed: (tenant) => queries.apps.deployed(tenant).map(({ id }) => id),
    all: () => queries.apps.all().map(({ id }) => id),
    count: () => queries.apps.count()?.apps ?? 0,
    live: (app) => targetsOf(parts, app, "live"),
    alias: (app, name, asHost) => aliasOf(parts, app, name, asHost),
    reserving: (app) => reservingAliases(parts, app),
    revision(app, choice) {
      const row =
        queries.revisions.chosen(app, choice) ?? (choice.length === 12 ? queries.revisions.byShortDigest(app, choice) : undefined);
      return row && revisionOf(parts, row);
    },
    eager: () => queries.aliases.eager().map(({ app }) => app),
    triggered: () => queries.aliases.triggered().map(({ app }) => app),
    kinds: () => kindsInUse(queries.aliases.kinds()),
    isLive: (revision) => queries.aliases.ofRevision(revision).length > 0,
    code: (revision) => codeOf(parts, revision),
    setSecret: (app, name, value) => write(() => void queries.secrets.set(app, name, seal.seal(app, name, value))),
    removeSecret: (app, name) => freeing(parts, () => writeByAllMeans(() => void queries.secrets.remove(app, name))),
    secretNames: (app) => queries.secrets.names(app).map(({ name }) => name),
    secrets: (app, names) => Object.fromEntries(names.map((name) => [name, secret(parts, app, name)])),
    signingKeys,
    provenHosts: createProvenHosts(parts),
    async settled() {
      await parts.reclaimer.settled();
      await parts.large.settled();
    },
    close() {
      parts.reclaimer.stop();
      parts.db.close();
    },
  };
}

/** For an app that was never deployed, removes the secrets that were set already. */
function remove(parts: CatalogParts, app: string): void {
  const { names, aliases, revisions, secrets, hosts } = parts.queries;
  const removed = freeing(parts, () =>
    parts.writeByAllMeans(
      () =>
        names.release(app) +
        aliases.removeTargets(app) +
        aliases.removeAll(app) +
        revisions.removeAll(app) +
        secrets.removeAll(app) +
        secrets.removeSigningKey(app) +
        hosts.removeAll(app),
    ),
  );
  if (removed === 0) throw new MayflyError("no-such-app", { app: parts.queries.names.nameOf(app)?.name ?? app });
}

function secret({ queries, seal }: CatalogParts, app: string, name: string): string {
  const found = queries.secrets.find(app, name);
  if (!found) throw new MayflyError("no-such-secret", { app: queries.names.nameOf(app)?.name ?? app, secret: name });
  return seal.open(app, name, found.sealed);
}

/** After `work`, the space of what it removed is soon freed on the disk. */
function freeing<T>({ reclaimer }: CatalogParts, work: () => T): T {
  const result = work();
  reclaimer.start();
  return result;
}

/**
 * The reserve for the reclaimer. What it removes of a deploy that has filled the disk frees more than the reserve, so the reserve is taken back
 * afterwards, even if little is free. Otherwise the next such deploy would take the reserve's space and could not be removed.
 */
function lentReserve(reserve: Reserve): Reserve {
  let isLent = false;
  return {
    ...reserve,
    giveUp() {
      const given = reserve.giveUp();
      isLent ||= given;
      return given;
    },
    restore() {
      if (isLent) isLent = !reserve.takeBack();
      else reserve.restore();
    },
  };
}

/** After each run the reserve is made again: the run, or the removal before it, may have needed it. */
function restoring(reserve: Reserve, reclaimer: Reclaimer): Reclaimer {
  return {
    ...reclaimer,
    start() {
      reclaimer.start();
      void reclaimer.settled().then(() => reserve.restore());
    },
  };
}

function writeOnce<T>(db: DatabaseSync, file: string, work: () => T): T {
  return inFile(file, () => transaction(db, work));
}

/** Throws SQLite's errors as errors of the table. */
function inFile<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw failureOf(error, file);
  }
}

/** A commit within `work` waits for no disk: a power cut may lose it, but nothing that is committed after it without losing that, too. */
function writeLoosely(db: DatabaseSync, durability: OpenOptions["durability"], work: () => void): void {
  db.exec("PRAGMA synchronous = NORMAL");
  try {
    work();
  } finally {
    db.exec(`PRAGMA synchronous = ${durability}`);
  }
}
