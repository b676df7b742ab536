/** A catalog in a folder of its own, with shortcuts for what tests often ask of it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { mainTenant } from "../../../base/ids/new-id.ts";
import type { Bundle, Catalog, Revision, Take } from "../catalog.ts";
import { type Manifest, manifestSchema } from "../manifest.ts";
import { type CatalogOptions, openCatalog } from "../sqlite.ts";

export class CatalogInFolder {
  readonly dir = mkdtempSync(join(tmpdir(), "mayfly-catalog-"));
  catalog: Catalog = this.open();

  get file(): string {
    return join(this.dir, "catalog.db");
  }

  open(options: CatalogOptions = {}): Catalog {
    return openCatalog(join(this.dir, "catalog.db"), join(this.dir, "key"), options);
  }

  reopen(options: CatalogOptions = {}): void {
    this.catalog.close();
    this.catalog = this.open(options);
  }

  async deploy(name: string, code: string | Bundle[], more: object = {}, take?: Take): Promise<Revision> {
    const bundles = typeof code === "string" ? codeOf(code) : code;
    return (await this.catalog.deploy(mainTenant, manifestOf(name, more), bundles, take)).revision;
  }

  /** The id of the app of this name. */
  id(name: string): string {
    return this.catalog.names.known(mainTenant, name) as string;
  }

  live(name: string): Revision | undefined {
    return this.catalog.live(this.id(name))[0]?.revision;
  }

  numbers(name: string): number[] {
    return this.catalog.app(mainTenant, name)?.revisions.map(({ number }) => number) ?? [];
  }

  sql(statement: string, ...values: string[]): Record<string, unknown>[] {
    const db = new DatabaseSync(this.file);
    try {
      return db.prepare(statement).all(...values);
    } finally {
      db.close();
    }
  }

  /** Changes rows as only a failing disk could: no constraint is checked. */
  damage(statement: string, ...values: string[]): void {
    using db = new DatabaseSync(this.file, { enableForeignKeyConstraints: false });
    db.exec("PRAGMA ignore_check_constraints = ON");
    db.prepare(statement).run(...values);
  }

  count(table: string): number {
    return Number(this.sql(`SELECT count(*) AS n FROM ${table}`)[0]?.["n"]);
  }

  close(): void {
    this.catalog.close();
    rmSync(this.dir, { recursive: true });
  }
}

export function manifestOf(name: string, more: object = {}): Manifest {
  return manifestSchema.parse({ name, functions: { main: { entry: "main.ts" } }, ...more });
}

export function codeOf(text: string | Buffer): Bundle[] {
  return [{ function: "main", format: "cjs", code: Buffer.from(text) }];
}

/** The whole code of a revision at once. */
export async function bundlesOf(catalog: Catalog, revision: string): Promise<Bundle[]> {
  const { functions, parts } = catalog.code(revision);
  const pieces: Uint8Array[] = [];
  for await (const part of parts()) pieces.push(part);
  const all = Buffer.concat(pieces);
  let at = 0;
  return functions.map(({ function: name, format, bytes }) => ({ function: name, format, code: all.subarray(at, (at += bytes)) }));
}

export function texts(bundles: Bundle[]): string[] {
  return bundles.map((bundle) => Buffer.from(bundle.code).toString());
}
