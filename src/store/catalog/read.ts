/** Reads apps and revisions from the tables into the catalog's types. */
import type { AppRow, Revision, RevisionRow, Target } from "./catalog.ts";
import { parseStoredManifest } from "./parse-manifest.ts";
import type { StoredApp } from "./queries/apps.ts";
import type { StoredRevision } from "./queries/revisions.ts";
import type { CatalogParts } from "./catalog-parts.ts";

type Parts = Pick<CatalogParts, "queries" | "file">;

/** Parses the manifest again, because an older Mayfly may have stored it, or the disk may have damaged it. Throws "bad-manifest". */
export function revisionOf({ file }: Pick<Parts, "file">, row: StoredRevision): Revision {
  const { name, manifest: json, ...rest } = row;
  const manifest = parseStoredManifest(json, `The manifest of app ${name}, revision ${row.number}, in ${file}`);
  return { ...rest, manifest };
}

export function targetsOf(parts: Parts, app: string, alias: string): Target[] {
  const { aliases, revisions } = parts.queries;
  return aliases.targets(app, alias).flatMap(({ revision, weight }) => {
    const row = revisions.byId(revision);
    return row === undefined ? [] : [{ revision: revisionOf(parts, row), weight }];
  });
}

export function appRow(parts: Parts, row: StoredApp): AppRow {
  const { id, tenant, name } = row;
  const revisions = (JSON.parse(row.revisions) as RevisionRow[]).toSorted((a, b) => b.number - a.number);
  const known = { id, tenant, name, revisions, aliases: aliasesOf(row) };
  const live = revisions.find((revision) => revision.id === row.live) as RevisionRow;
  try {
    return { ...known, live: revisionOf(parts, { ...live, app: id, tenant, name, manifest: row.manifest }), problem: null };
  } catch (error) {
    return { ...known, live: null, problem: (error as Error).message };
  }
}

function aliasesOf({ targets }: StoredApp): AppRow["aliases"] {
  const rows = JSON.parse(targets) as { alias: string; revision: string; number: number; weight: number }[];
  const byAlias = Map.groupBy(rows, ({ alias }) => alias);
  return [...byAlias]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, own]) => ({
      name,
      targets: own
        .map(({ revision, number, weight }) => ({ revision, number, weight }))
        .toSorted((a, b) => b.weight - a.weight || a.number - b.number),
    }));
}
