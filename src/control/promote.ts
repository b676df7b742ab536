/** Sends all calls of an app to its newer revision, or back to the one before. */
import { MayflyError } from "../base/errors/error.ts";
import { type AppRow, type Catalog, LIVE, type Target, type TargetRow } from "../store/catalog/catalog.ts";
import { appIdOf } from "./names.ts";
import { point, type PointParts, pointLive, refuseOneByOne } from "./point.ts";

export interface PromoteParts extends PointParts {
  catalog: PointParts["catalog"] & Pick<Catalog, "runningCanary" | "rollBack">;
}

/** Where all calls go now, and where they went before, the largest weight first. */
export interface Moved {
  targets: Target[];
  before: TargetRow[];
}

/**
 * Sends all calls to a revision: the one that is chosen, by its id, number or digest, or by an alias that names it alone; otherwise the canary's; otherwise, if calls are split,
 * the newest that gets some. Throws "bad-request" if there is none of these, "no-such-app", and what point() throws.
 */
export function promote(parts: PromoteParts, tenant: string, name: string, choice?: string | number): Moved {
  const row = shown(parts, tenant, name);
  const before = liveOf(row);
  const revision = choice === undefined ? newest(parts, row, before) : (aliasNamed(row, choice) ?? choice);
  return { targets: point(parts, tenant, name, LIVE, [{ revision, weight: 1 }]), before };
}

/** Sends all calls to the revision that had them before the present one; see Catalog.rollBack(). Throws "no-such-app" and "no-revision-before". */
export function rollBack(parts: PromoteParts, tenant: string, name: string): Moved {
  const before = liveOf(shown(parts, tenant, name));
  const app = appIdOf(parts.catalog.names, tenant, name);
  refuseOneByOne(parts.catalog, app, name);
  const targets = pointLive(parts, app, (take) => parts.catalog.rollBack(app, take));
  return { targets, before };
}

function shown({ catalog }: PromoteParts, tenant: string, name: string): AppRow {
  const row = catalog.app(tenant, name);
  if (row === undefined) throw new MayflyError("no-such-app", { app: name });
  return row;
}

function liveOf({ aliases }: AppRow): TargetRow[] {
  return aliases.find(({ name }) => name === LIVE)?.targets ?? [];
}

function newest({ catalog }: PromoteParts, { id, name }: AppRow, live: TargetRow[]): string {
  const canary = catalog.runningCanary(id);
  if (canary !== undefined) return canary.revision;
  const [last] = live.toSorted((a, b) => b.number - a.number);
  if (last !== undefined && live.length > 1) return last.revision;
  throw new MayflyError("bad-request", {
    what: `no canary of ${name} runs, and all calls go to revision ${last?.number ?? "?"}; name the revision that is to get them`,
  });
}

function aliasNamed({ aliases }: AppRow, choice: string | number): string | undefined {
  const targets = aliases.find(({ name }) => name === choice)?.targets ?? [];
  return targets.length === 1 ? targets[0]!.revision : undefined;
}
