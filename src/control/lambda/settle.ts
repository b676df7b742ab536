/**
 * Has the apps follow what the Lambda API's records say of versions, aliases, and functions that were removed.
 *
 * 1. A record is written first, together with a note that its app has to follow; the note goes once the app has. So a server that is killed in between leaves a note, and the next
 *    one carries it out.
 * 2. If the app cannot follow, the record is undone, and the caller is told.
 */
import { LATEST, type Unsettled, versionKey } from "../../store/lambda/lambda-store.ts";
import type { TargetChoice } from "../../store/catalog/catalog.ts";
import { point, removeAlias } from "../point.ts";
import { findFunction } from "./find-function.ts";
import { leave } from "./leave.ts";
import type { LambdaParts } from "./lambda-parts.ts";
import { mayflyErrorIn } from "./mayfly-error-in.ts";
import { appOf, aliasIn } from "./place.ts";

type Parts = Omit<LambdaParts, "deployments">;

/** What a change of a version or an alias is about. */
export interface Changed {
  tenant: string;
  function: string;
  qualifier: string;
}

/** @param write changes the records @param undo changes them back, if the app cannot follow */
export function settled(parts: Parts, changed: Changed, write: () => void, undo: () => void): void {
  const { store } = parts;
  const app = appOf(placeOf(parts, changed));
  store.together(() => {
    store.unsettled.add({ ...changed, app });
    write();
  });
  try {
    follow(parts, { ...changed, app });
  } catch (error) {
    store.togetherByAllMeans(() => {
      undo();
      store.unsettled.remove(changed);
    });
    throw error;
  }
  store.unsettled.remove(changed);
}

/** Likewise for a removal, which works on a full disk too. */
export function settledRemoval(parts: Parts, changed: Changed, write: () => void): void {
  const { store } = parts;
  const app = appOf(placeOf(parts, changed));
  store.togetherByAllMeans(() => {
    store.unsettled.add({ ...changed, app });
    write();
  });
  follow(parts, { ...changed, app });
  store.unsettled.remove(changed);
}

/** Called once, at the start of the server. A note that cannot be carried out stays for the next start. */
export async function settleLeftOvers(parts: Parts, onFailure: (error: unknown) => void): Promise<void> {
  for (const note of parts.store.unsettled.all()) {
    try {
      if (note.qualifier !== "") follow(parts, note);
      // A function of that name that was made since is another one.
      else if (parts.store.functions.get(note.tenant, "", note.function) === undefined) await leave(parts, note);
      parts.store.unsettled.remove(note);
    } catch (error) {
      onFailure(error);
    }
  }
}

function placeOf({ store }: Parts, { tenant, function: name }: Changed): { name: string; app?: string } {
  return store.functions.get(tenant, "", name) ?? { name };
}

function follow(parts: Parts, { tenant, function: name, qualifier, app }: Unsettled): void {
  const alias = aliasIn(placeOf(parts, { tenant, function: name, qualifier }), qualifier);
  if (alias === undefined) return;
  const targets = targetsOf(parts, { tenant, function: name, qualifier });
  if (targets !== null) return void point(parts, tenant, app, alias, targets);
  try {
    removeAlias(parts, tenant, app, alias);
  } catch (error) {
    mayflyErrorIn(["no-such-app", "no-such-alias"])(error);
  }
}

/** Where the version or the alias sends calls: a share of each other version's weight, and the rest. Null if it is there no more. */
function targetsOf(parts: Parts, { tenant, function: name, qualifier }: Changed): TargetChoice[] | null {
  const { store } = parts;
  if (/^\d+$/.test(qualifier)) return onlyTo(revisionOf(parts, tenant, name, qualifier));
  const alias = store.aliases.get(tenant, name, qualifier);
  if (alias === undefined) return null;
  const main = revisionOf(parts, tenant, name, alias.version);
  if (main === null) return null;
  const targets: TargetChoice[] = [];
  let rest = 1;
  for (const [version, weight] of Object.entries(alias.weights)) {
    const revision = revisionOf(parts, tenant, name, version);
    // Two versions of one code are one revision, which an alias can name once.
    if (weight === 0 || revision === null || revision === main) continue;
    rest -= weight;
    targets.push({ revision, weight });
  }
  return rest > 0 ? [{ revision: main, weight: rest }, ...targets] : targets;
}

function onlyTo(revision: string | null): TargetChoice[] | null {
  return revision === null ? null : [{ revision, weight: 1 }];
}

/** Null if there is no such version, or nothing runs it. */
function revisionOf(parts: Parts, tenant: string, name: string, version: string): string | null {
  // The app of the newest code may have been deployed by another way since.
  if (version === LATEST) return findFunction(parts, tenant, name)?.record.revision ?? null;
  return parts.store.versions.get(tenant, name, versionKey(Number(version)))?.revision ?? null;
}
