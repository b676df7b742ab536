import { MayflyError } from "../base/errors/error.ts";
import type { AppRow, Catalog } from "../store/catalog/catalog.ts";
import type { Explanation, Overview } from "./overview.ts";
import type { Serving } from "./serving.ts";

export interface AppParts {
  catalog: Pick<Catalog, "app" | "page" | "live">;
  serving: Pick<Serving, "problemOf">;
}

/** Throws "no-such-app". */
export function showApp(parts: AppParts, app: string): AppRow {
  const found = parts.catalog.app(app);
  if (!found) throw new MayflyError("no-such-app", { app });
  return withProblem(parts, found);
}

/** At most `limit` apps whose names come after `after`, and the name to give as `after` for those that follow; null: these were the last. */
export function listApps(parts: AppParts, after: string, limit: number): { apps: AppRow[]; next: string | null } {
  const apps = parts.catalog.page(after, limit + 1);
  const next = apps.length > limit ? apps[limit - 1]!.app : null;
  return { apps: apps.slice(0, limit).map((row) => withProblem(parts, row)), next };
}

/** The newest `limit` decisions. Throws "no-such-app". */
export function explainApp(
  { catalog, overview }: { catalog: Pick<Catalog, "live">; overview: Pick<Overview, "explain"> },
  app: string,
  limit: number,
): Explanation {
  if (!catalog.live(app)) throw new MayflyError("no-such-app", { app });
  const { decisions, ...rest } = overview.explain(app);
  const oldest = Math.max(0, decisions.length - limit);
  return { ...rest, decisions: decisions.slice(oldest) };
}

function withProblem({ serving }: AppParts, row: AppRow): AppRow {
  return { ...row, problem: row.problem ?? serving.problemOf(row.app) };
}
