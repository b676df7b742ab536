/** An alias of an app says which revisions get its calls. Calls that name no alias go to `live`. */
import { MayflyError } from "../base/errors/error.ts";
import { type Catalog, LIVE, type Target, type TargetChoice } from "../store/catalog/catalog.ts";
import { appIdOf } from "./names.ts";
import { serveWhenStored } from "./serve-when-stored.ts";
import type { Serving } from "./serving.ts";

export interface PointParts {
  catalog: Pick<Catalog, "names" | "live" | "point" | "removeAlias">;
  serving: Pick<Serving, "check" | "pointed" | "restored">;
}

/** Throws "no-such-app", "no-such-version", "bad-request", and what Serving.check() throws. */
export function point(parts: PointParts, tenant: string, name: string, alias: string, choices: TargetChoice[]): Target[] {
  const app = appIdOf(parts.catalog.names, tenant, name);
  if (alias !== LIVE) return parts.catalog.point(app, alias, choices);
  const { take, undo } = serveWhenStored(parts);
  try {
    return parts.catalog.point(app, alias, choices, take);
  } catch (error) {
    undo();
    throw error;
  }
}

/** Throws "no-such-app" and "no-such-alias", and "bad-request" for `live`. */
export function removeAlias({ catalog }: PointParts, tenant: string, name: string, alias: string): void {
  if (alias === LIVE)
    throw new MayflyError("bad-request", { what: `the alias ${LIVE} cannot be removed; point it at another revision instead` });
  catalog.removeAlias(appIdOf(catalog.names, tenant, name), alias);
}
