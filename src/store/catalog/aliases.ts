import { MayflyError } from "../../base/errors/error.ts";
import { moveRuns, type Weight } from "../../traffic/runs.ts";
import { type Alias, type AliasSettings, LIVE, type Take, type Target, type TargetChoice } from "./catalog.ts";
import type { StoredAlias } from "./queries/aliases.ts";
import { revisionOf, targetsOf } from "./read.ts";
import { stickyOf } from "./sticky-of.ts";
import type { CanaryReason } from "../../traffic/canary.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import { endCanary, noteLive, revisionBefore } from "./canaries.ts";

/** Throws "no-such-version", "no-such-alias" if it is to keep its targets, and "bad-request" if a revision is named twice. */
export function pointAlias(
  parts: CatalogParts,
  app: string,
  alias: string,
  choices: TargetChoice[] | undefined,
  take?: Take,
  { why = { kind: "by-hand" }, ...settings }: AliasSettings & { why?: CanaryReason } = {},
): Target[] {
  return parts.write(() => {
    const targets = choices?.map((choice) => chosen(parts, app, choice)) ?? targetsOf(parts, app, alias);
    if (targets.length === 0) throw noSuchAlias(parts, app, alias);
    refuseTwice(targets);
    if (choices !== undefined) setTargets(parts, app, alias, targets, why);
    set(parts, app, alias, targets, settings);
    take?.(targets);
    return targets;
  });
}

/** Must be called within a transaction, for an alias that there is. */
function set(
  { queries: { aliases } }: CatalogParts,
  app: string,
  alias: string,
  targets: Target[],
  { sticky, reserved }: AliasSettings,
): void {
  if (reserved !== undefined) aliases.setReserved(app, alias, reserved);
  if (sticky === null) aliases.setSticky(app, alias, null);
  else if (sticky !== undefined) {
    const runs = stickyOf(aliases.find(app, alias)?.sticky ?? null)?.runs ?? [];
    aliases.setSticky(app, alias, JSON.stringify({ by: sticky.by, name: sticky.name, runs: moveRuns(runs, weightsOf(targets)) }));
  }
}

export function aliasOf(parts: CatalogParts, app: string, name: string, asHost = false): Alias | undefined {
  const { aliases } = parts.queries;
  const stored = asHost ? aliases.findOfHost(app, name) : aliases.find(app, name);
  return stored && whole(parts, app, stored);
}

export function reservingAliases(parts: CatalogParts, app: string): Alias[] {
  return parts.queries.aliases.reserving(app).map((stored) => whole(parts, app, stored));
}

function whole(parts: CatalogParts, app: string, { name, sticky, reserved }: StoredAlias): Alias {
  return { name, targets: targetsOf(parts, app, name), sticky: stickyOf(sticky), reserved };
}

function weightsOf(targets: readonly Target[]): Weight[] {
  return targets.map(({ revision, weight }) => ({ revision: revision.id, weight }));
}

/** Must be called within a transaction. @param why for a canary that this ends */
export function setTargets(parts: CatalogParts, app: string, alias: string, targets: Target[], why: CanaryReason): void {
  const { aliases } = parts.queries;
  aliases.add(app, alias);
  aliases.clear(app, alias);
  for (const { revision, weight } of targets) aliases.addTarget(app, alias, revision.id, weight);
  const sticky = stickyOf(aliases.find(app, alias)?.sticky ?? null);
  if (sticky !== null) aliases.setSticky(app, alias, JSON.stringify({ ...sticky, runs: moveRuns(sticky.runs, weightsOf(targets)) }));
  if (alias !== LIVE) return;
  endCanary(parts, app, targets, why);
  noteLive(parts, app, targets);
}

/** Sends all calls to the revision that had them before, and forgets which ones had them later. Throws "no-revision-before". */
export function rollBack(parts: CatalogParts, app: string, take?: Take): Target[] {
  const { traffic, names } = parts.queries;
  return parts.write(() => {
    const before = revisionBefore(parts, app);
    if (before === undefined) throw new MayflyError("no-revision-before", { app: names.nameOf(app)?.name ?? app });
    const targets = [chosen(parts, app, { revision: before.revision, weight: 1 })];
    traffic.removeLivesAfter(app, before.at);
    setTargets(parts, app, LIVE, targets, { kind: "by-hand" });
    take?.(targets);
    return targets;
  });
}

/** Throws "no-such-alias". */
export function removeAlias(parts: CatalogParts, app: string, alias: string): void {
  const { aliases } = parts.queries;
  if (parts.write(() => aliases.remove(app, alias)) === 0) throw noSuchAlias(parts, app, alias);
}

function noSuchAlias({ queries: { names } }: CatalogParts, app: string, alias: string): MayflyError {
  return new MayflyError("no-such-alias", { app: names.nameOf(app)?.name ?? app, alias });
}

function chosen(parts: CatalogParts, app: string, { revision, weight }: TargetChoice): Target {
  const { revisions, names } = parts.queries;
  const row = revisions.chosen(app, String(revision));
  if (row === undefined) throw new MayflyError("no-such-version", { app: names.nameOf(app)?.name ?? app, version: String(revision) });
  return { revision: revisionOf(parts, row), weight };
}

/** Called with the revisions that were found, because one and the same may be named by its id, its number and its digest. */
function refuseTwice(targets: Target[]): void {
  const ids = targets.map(({ revision }) => revision.id);
  if (new Set(ids).size < ids.length) throw new MayflyError("bad-request", { what: "a revision is named twice as a target" });
}
