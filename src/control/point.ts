/** An alias of an app says which revisions get its calls. Calls that name no alias go to `live`. */
import { MayflyError } from "../base/errors/error.ts";
import { type AliasSettings, type Catalog, LIVE, type Take, type Target, type TargetChoice } from "../store/catalog/catalog.ts";
import { appIdOf } from "./names.ts";
import { type ServeParts, serveWhenStored } from "./serve-when-stored.ts";
import type { Serving } from "./serving.ts";
import type { Telling } from "./telling.ts";

export interface PointParts extends Telling {
  catalog: Pick<Catalog, "names" | "app" | "live" | "point" | "removeAlias" | "secretNames" | "secrets">;
  serving: Pick<Serving, "check" | "pointed" | "restored" | "branched">;
}

/**
 * Without choices, the alias stays where it points. Throws "no-such-app", "no-such-version", "no-such-alias", "bad-request", also if calls of a revision would fail with the secrets that are
 * set, and what Serving.check() throws.
 */
export function point(
  parts: PointParts,
  tenant: string,
  name: string,
  alias: string,
  choices: TargetChoice[] | undefined,
  settings: AliasSettings = {},
): Target[] {
  const { catalog } = parts;
  const app = appIdOf(catalog.names, tenant, name);
  refuseOtherCapitals(catalog, tenant, name, alias);
  const store = (take?: Take) =>
    catalog.point(
      app,
      alias,
      choices,
      (targets) => {
        refuseTooMany(targets, settings);
        take?.(targets);
      },
      settings,
    );
  if (alias === LIVE && choices !== undefined) refuseOneByOne(catalog, app, name);
  if (alias === LIVE) return pointLive(parts, app, store);
  const targets = store();
  parts.serving.branched(app);
  tellPointed(parts, app, alias, targets);
  return targets;
}

/** Of an app whose functions are deployed one by one, what is live follows from their deploys. Throws "bad-request". */
export function refuseOneByOne(catalog: Pick<Catalog, "live">, app: string, name: string): void {
  if (catalog.live(app).every(({ revision }) => revision.members === undefined)) return;
  throw new MayflyError("bad-request", {
    what: `the functions of ${name} are deployed one by one, by AWS Lambda's API: to go back, deploy the older code of a function there, or let an alias of it name an older version`,
  });
}

/** The reserved machines count among those that the app may have. */
function refuseTooMany(targets: Target[], { reserved = 0 }: AliasSettings): void {
  const most = Math.min(...targets.map(({ revision }) => revision.manifest.maxMachines));
  if (reserved <= most) return;
  throw new MayflyError("bad-request", { what: `reserved is ${reserved}, but the app may have ${most} machines at most (maxMachines)` });
}

/** @param store changes `live` in the catalog */
export function pointLive(parts: Telling & ServeParts, app: string, store: (take: Take) => Target[]): Target[] {
  const { take, undo } = serveWhenStored(parts);
  let targets: Target[];
  try {
    targets = store(take);
  } catch (error) {
    undo();
    throw error;
  }
  tellPointed(parts, app, LIVE, targets);
  return targets;
}

function tellPointed({ events, clock }: Telling, app: string, alias: string, targets: Target[]): void {
  const told = targets.map(({ revision, weight }) => ({ revision: revision.id, weight }));
  events.tell({ type: "alias-pointed", at: clock.wall(), app, alias, targets: told });
}

/** Two aliases whose names differ in capitals only are too easily taken for each other, as with the names of apps and functions. */
export function refuseOtherCapitals(catalog: Pick<Catalog, "app">, tenant: string, name: string, alias: string): void {
  const aliases = catalog.app(tenant, name)?.aliases ?? [];
  const other = aliases.find((known) => known.name !== alias && known.name.toLowerCase() === alias.toLowerCase());
  if (other === undefined || aliases.some((known) => known.name === alias)) return;
  throw new MayflyError("bad-request", {
    what: `the alias ${alias} cannot be made: the app has the alias ${other.name}, whose name differs in capitals only`,
  });
}

/** Throws "no-such-app" and "no-such-alias", and "bad-request" for `live`. */
export function removeAlias({ catalog, serving, events, clock }: PointParts, tenant: string, name: string, alias: string): void {
  if (alias === LIVE)
    throw new MayflyError("bad-request", { what: `the alias ${LIVE} cannot be removed; point it at another revision instead` });
  const app = appIdOf(catalog.names, tenant, name);
  catalog.removeAlias(app, alias);
  serving.branched(app);
  events.tell({ type: "alias-removed", at: clock.wall(), app, alias });
}
