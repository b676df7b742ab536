/** Reads apps and revisions from the tables into the catalog's types. */
import { z } from "zod";
import { namedRuntimes } from "../../base/kind/machine-kind.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { canariesOf } from "./canaries.ts";
import { type AliasRow, type AppRow, type CanaryRow, LIVE, type Revision, type RevisionRow, type Target } from "./catalog.ts";
import { formatsOf } from "./parts.ts";
import { parseStoredManifest } from "./parse-manifest.ts";
import type { StoredAlias } from "./queries/aliases.ts";
import type { StoredApp } from "./queries/apps.ts";
import type { StoredRevision } from "./queries/revisions.ts";
import type { StoredCanary } from "./queries/traffic.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import { stickyOf } from "./sticky-of.ts";

type Parts = Pick<CatalogParts, "queries" | "file">;

/**
 * Parses the manifest again, because an older Mayfly may have stored it, or the disk may have damaged it. Throws "bad-manifest", also if the
 * manifest has another app's name: routes and machines are named by it.
 */
export function revisionOf({ file }: Pick<Parts, "file">, row: StoredRevision): Revision {
  const { name, manifest: json, members, ...rest } = row;
  const whose = `The manifest of app ${name}, revision ${row.number}, in ${file}`;
  const manifest = parseStoredManifest(json, whose);
  if (manifest.name !== name)
    throw new MayflyError("bad-manifest", { file: whose, what: `name is "${manifest.name}", but must be "${name}"` });
  return { ...rest, manifest, ...(members !== null && { members: membersOf(members, whose) }) };
}

function membersOf(json: string, whose: string): Map<string, string> {
  const pairs = pairsIn(json);
  if (pairs.length === 0)
    throw new MayflyError("bad-manifest", { file: whose, what: "it does not say which revisions it is put together of" });
  return new Map(pairs);
}

/** A function and the id of a revision each; none if it is damaged. */
function pairsIn(json: string | null): [string, string][] {
  return membersSchema.safeParse(parsedOrNull(json ?? "[]")).data ?? [];
}

const membersSchema = z.array(z.tuple([z.string(), z.string()]));

function parsedOrNull(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

/** Empty if there is no such app, or no such alias other than `live`. Throws "bad-manifest" and "state-damaged". */
export function targetsOf(parts: Parts, app: string, alias: string): Target[] {
  const { aliases, revisions, names } = parts.queries;
  const targets = aliases.targets(app, alias).map(({ revision, weight }) => {
    const row = revisions.byId(revision);
    if (row === undefined || !isWeight(weight)) throw damagedAlias(parts, names.nameOf(app)?.name ?? app, alias);
    return { revision: revisionOf(parts, row), weight };
  });
  if (targets.length > 0 || alias !== LIVE || names.deployed(app) === undefined) return targets;
  throw damagedAlias(parts, names.nameOf(app)?.name ?? app, alias);
}

export function appRow(parts: Parts, row: StoredApp): AppRow {
  const { id, tenant, name } = row;
  const canaries = canariesOf(JSON.parse(row.canaries) as StoredCanary[]);
  const read = JSON.parse(row.revisions) as ReadRevision[];
  const functions = new Map(read.flatMap(({ members }) => pairsIn(members).map(([function_, member]) => [member, function_])));
  const revisions = read
    .map((each) => withRuntimes(each, canaries.get(each.id), functions.get(each.id)))
    .toSorted((a, b) => b.number - a.number);
  const aliases = aliasesOf(row);
  const settings = new Map((JSON.parse(row.settings) as StoredAlias[]).map((stored) => [stored.name, stored]));
  const known = { id, tenant, name, revisions, aliases: aliases.map((alias) => withKnownTargets(alias, settings.get(alias.name))) };
  try {
    return { ...known, live: liveOf(parts, row, revisions, aliases), problem: null };
  } catch (error) {
    return { ...known, live: null, problem: (error as Error).message };
  }
}

/** As in targetsOf(), but without another query. */
function liveOf(
  parts: Parts,
  { id, tenant, name, live, manifest, members }: StoredApp,
  revisions: RevisionRow[],
  aliases: ReadAlias[],
): Revision {
  const found = revisions.find((revision) => revision.id === live);
  const targets = aliases.find((alias) => alias.name === LIVE)?.targets ?? [];
  const isWhole = targets.every(({ number, weight }) => number !== null && isWeight(weight));
  if (found === undefined || manifest === null || !isWhole) throw damagedAlias(parts, name, LIVE);
  const { runtimes: _, canary: __, function: ___, ...revision } = found;
  return revisionOf(parts, { ...revision, app: id, tenant, name, manifest, members });
}

function damagedAlias({ file }: Parts, app: string, alias: string): MayflyError {
  return new MayflyError("state-damaged", {
    file,
    what: `the alias ${alias} of app ${app} does not say which stored revisions its calls go to`,
  });
}

export function isWeight(weight: number): boolean {
  return weight > 0 && weight < Infinity;
}

interface ReadRevision extends Omit<RevisionRow, "runtimes" | "canary" | "function"> {
  formats: string[];
  members: string | null;
}

function withRuntimes(read: ReadRevision, canary: CanaryRow | undefined, of: string | undefined): RevisionRow {
  const { formats, members: _, ...row } = read;
  const runtimes = namedRuntimes.filter((runtime) => formatsOf[runtime].some((format) => formats.includes(format)));
  return { ...row, runtimes, ...(canary && { canary }), ...(of !== undefined && { function: of }) };
}

interface ReadAlias {
  name: string;
  /** `number` is null if the revision is missing. */
  targets: { revision: string; number: number | null; weight: number }[];
}

function withKnownTargets({ name, targets }: ReadAlias, settings: StoredAlias | undefined): AliasRow {
  const { sticky: json = null, reserved = 0 } = settings ?? {};
  const sticky = stickyOf(json);
  return {
    name,
    targets: targets.flatMap(({ number, ...rest }) => (number === null ? [] : [{ ...rest, number }])),
    ...(sticky && { sticky: { by: sticky.by, name: sticky.name } }),
    ...(reserved > 0 && { reserved }),
  };
}

function aliasesOf({ targets }: StoredApp): ReadAlias[] {
  const rows = JSON.parse(targets) as (ReadAlias["targets"][number] & { alias: string })[];
  const byAlias = Map.groupBy(rows, ({ alias }) => alias);
  return [...byAlias]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, own]) => ({
      name,
      targets: own
        .map(({ revision, number, weight }) => ({ revision, number, weight }))
        .toSorted((a, b) => b.weight - a.weight || (a.number ?? 0) - (b.number ?? 0)),
    }));
}
