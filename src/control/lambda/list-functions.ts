/**
 * Lists functions, a few at a time: those that were made here, in the place of their own names, and those of apps that were deployed otherwise, in the place of the app's name.
 */
import { setImmediate } from "node:timers/promises";
import type { AppRow } from "../../store/catalog/catalog.ts";
import { versionKey } from "../../store/lambda/lambda-store.ts";
import type { FunctionRecord, VersionRecord } from "../../store/lambda/records.ts";
import { functionsOfApp, isGone } from "./find-function.ts";
import type { LambdaParts } from "./lambda-parts.ts";
import { appOf } from "./place.ts";

type Parts = Pick<LambdaParts, "store" | "catalog">;

export interface ListedFunction {
  /** The name in whose place the list has it. */
  place: string;
  /** The name of its app, or that its app will have. */
  app: string;
  record: FunctionRecord;
}

/** Of apps and of records that are read at a time. */
const CHUNK = 100;

/** In the order of their places, and of their own names within one. @param from the place to begin with; empty: the first one */
export function* functionsFrom(parts: Parts, tenant: string, from: string): Generator<ListedFunction, void> {
  const { catalog, store } = parts;
  if (from !== "") yield* functionsNamed(parts, tenant, from, catalog.app(tenant, from));
  let after: string | undefined = from;
  while (after !== undefined) {
    const apps: Map<string, AppRow> = new Map(catalog.page(tenant, after, CHUNK).map((app) => [app.name, app]));
    const records = store.functions.page(tenant, "", after, CHUNK).map(({ name }) => name);
    // What is complete only up to there is read on from there.
    const ends: string[] = [[...apps.keys()], records].filter(({ length }) => length === CHUNK).map((names) => names.at(-1)!);
    const end: string | undefined = ends.toSorted(compare)[0];
    const names = [...new Set([...apps.keys(), ...records])].filter((name) => end === undefined || name <= end).toSorted(compare);
    for (const name of names) yield* functionsNamed(parts, tenant, name, apps.get(name));
    after = end;
  }
}

function* functionsNamed(parts: Parts, tenant: string, name: string, app: AppRow | undefined): Generator<ListedFunction, void> {
  const record = parts.store.functions.get(tenant, "", name);
  const shared = record?.app;
  if (record !== undefined && (app === undefined || shared !== undefined)) {
    const own = shared === undefined || shared === name ? app : parts.catalog.app(tenant, shared);
    if (!isGone(record, own)) yield { place: name, app: appOf(record), record };
  }
  if (app !== undefined) for (const found of functionsOfApp(parts, tenant, app)) yield { place: name, app: name, record: found.record };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** The versions of a function in the order of their numbers. @param after versionKey() of the one before the first */
export function* versionsFrom(
  { store }: Pick<Parts, "store">,
  tenant: string,
  name: string,
  after: string,
): Generator<VersionRecord, void> {
  let versions = store.versions.page(tenant, name, after, CHUNK);
  while (versions.length > 0) {
    yield* versions;
    versions = versions.length < CHUNK ? [] : store.versions.page(tenant, name, versionKey(versions.at(-1)!.version), CHUNK);
  }
}

/** How many functions there are. The event loop has its turn in between, because there may be many. */
export async function countFunctions(parts: Parts, tenant: string): Promise<number> {
  let count = 0;
  for (const _ of functionsFrom(parts, tenant, "")) {
    count += 1;
    if (count % CHUNK === 0) await setImmediate();
  }
  return count;
}
