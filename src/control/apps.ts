import { MayflyError } from "../base/errors/error.ts";
import type { AppRow, Catalog } from "../store/catalog/catalog.ts";
import { appIdOf } from "./names.ts";
import type { Explanation, Overview } from "./overview.ts";
import type { Serving } from "./serving.ts";

export interface AppParts {
  catalog: Pick<Catalog, "app" | "page">;
  serving: Pick<Serving, "problemOf">;
}

/** Throws "no-such-app". */
export function showApp(parts: AppParts, tenant: string, name: string): AppRow {
  const found = parts.catalog.app(tenant, name);
  if (!found) throw new MayflyError("no-such-app", { app: name });
  return withProblem(parts, found);
}

/**
 * At most `limit` apps, in the order of their names, whose names come after `after`. `next` is the name to give as `after` for the next
 * page; null after the last one. @param only ids of the apps that are seen; null: all
 */
export function listApps(
  parts: AppParts & { catalog: Pick<Catalog, "names"> },
  tenant: string,
  only: readonly string[] | null,
  { after, limit, search = "" }: { after: string; limit: number; search?: string | undefined },
): { apps: AppRow[]; next: string | null } {
  const apps = only === null ? parts.catalog.page(tenant, after, limit + 1, search) : someApps(parts, tenant, only, after, search);
  const next = apps.length > limit ? apps[limit - 1]!.name : null;
  return { apps: apps.slice(0, limit).map((row) => withProblem(parts, row)), next };
}

/** What the policy knows of the app, and its newest `limit` decisions. Throws "no-such-app". */
export function explainApp(
  { catalog, overview }: { catalog: Pick<Catalog, "names">; overview: Pick<Overview, "explain"> },
  tenant: string,
  name: string,
  limit: number,
): Explanation {
  const { decisions, ...rest } = overview.explain(appIdOf(catalog.names, tenant, name));
  const oldest = Math.max(0, decisions.length - limit);
  return { ...rest, app: name, decisions: decisions.slice(oldest) };
}

/** A principal is bounded to a hundred apps at most, so that all of them can be read for a page. */
function someApps(
  { catalog }: AppParts & { catalog: Pick<Catalog, "names"> },
  tenant: string,
  only: readonly string[],
  after: string,
  search: string,
): AppRow[] {
  const rows = only.flatMap((id) => {
    const known = catalog.names.nameOf(id);
    const isFound = known?.tenant === tenant && known.name > after && known.name.toLowerCase().includes(search.toLowerCase());
    return isFound ? (catalog.app(tenant, known.name) ?? []) : [];
  });
  return rows.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function withProblem({ serving }: AppParts, row: AppRow): AppRow {
  return { ...row, problem: row.problem ?? serving.problemOf(row.id) };
}
