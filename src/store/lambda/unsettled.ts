/**
 * The Lambda API's records are in one file, and the apps that follow them in another, which no transaction spans. A note that is written together with a record says that the app may
 * not have followed it yet; it goes once the app has. What a killed server has left of them, the next one carries out.
 */
import type { DatabaseSync } from "node:sqlite";
import type { Unsettled, UnsettledNotes } from "./lambda-store.ts";
import type { ShelfParts } from "./shelf.ts";

export function openUnsettled(db: DatabaseSync, { write, writeByAllMeans }: Omit<ShelfParts, "db">): UnsettledNotes {
  const set = db.prepare("INSERT OR REPLACE INTO unsettled (tenant, function, qualifier, app) VALUES (?, ?, ?, ?)");
  const drop = db.prepare("DELETE FROM unsettled WHERE tenant = ? AND function = ? AND qualifier = ?");
  const every = db.prepare("SELECT tenant, function, qualifier, app FROM unsettled ORDER BY tenant, function, qualifier");
  return {
    add: ({ tenant, function: name, qualifier, app }) => void write(() => set.run(tenant, name, qualifier, app)),
    remove: ({ tenant, function: name, qualifier }) => void writeByAllMeans(() => drop.run(tenant, name, qualifier)),
    all: () => every.all() as unknown as Unsettled[],
  };
}
