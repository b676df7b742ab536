import { MayflyError } from "../../base/errors/error.ts";
import { LIVE, type Take, type Target, type TargetChoice } from "./catalog.ts";
import { revisionOf } from "./read.ts";
import type { CanaryReason } from "../../traffic/canary.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import { endCanary, noteLive, revisionBefore } from "./canaries.ts";

/** Throws "no-such-version", and "bad-request" if a revision is named twice. */
export function pointAlias(
  parts: CatalogParts,
  app: string,
  alias: string,
  choices: TargetChoice[],
  take?: Take,
  why: CanaryReason = { kind: "by-hand" },
): Target[] {
  return parts.write(() => {
    const targets = choices.map((choice) => chosen(parts, app, choice));
    refuseTwice(targets);
    setTargets(parts, app, alias, targets, why);
    take?.(targets);
    return targets;
  });
}

/** Must be called within a transaction. @param why for a canary that this ends */
export function setTargets(parts: CatalogParts, app: string, alias: string, targets: Target[], why: CanaryReason): void {
  const { aliases } = parts.queries;
  aliases.add(app, alias);
  aliases.clear(app, alias);
  for (const { revision, weight } of targets) aliases.addTarget(app, alias, revision.id, weight);
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
  const { aliases, names } = parts.queries;
  if (parts.write(() => aliases.remove(app, alias)) > 0) return;
  throw new MayflyError("no-such-alias", { app: names.nameOf(app)?.name ?? app, alias });
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
