/** Key-value stores of an app: what users do with them from outside of it. */
import { MayflyError } from "../base/errors/error.ts";
import type { Entry, KeyPage, KeyValues, ListRequest, PutWrite, Store, StoreFigures, Trace } from "../services/kv/kv.ts";
import type { Names } from "../store/catalog/catalog.ts";
import { appIdOf } from "./names.ts";

export interface KvParts {
  names: Pick<Names, "holder">;
  kv: KeyValues;
}

/** Where a store is, by names. */
export interface StoreNames {
  /** The tenant's id. */
  tenant: string;
  app: string;
  store: string;
}

/** Throws "no-such-app". */
function storeOf({ names }: KvParts, { tenant, app, store }: StoreNames): Store {
  return { tenant, app: appIdOf(names, tenant, app), name: store };
}

export async function storesOfApp({ names, kv }: KvParts, tenant: string, app: string): Promise<StoreFigures[]> {
  return kv.stores(appIdOf(names, tenant, app));
}

export async function keysIn(parts: KvParts, where: StoreNames, request: ListRequest): Promise<KeyPage> {
  return parts.kv.list(storeOf(parts, where), request);
}

/** Rejects with "no-such-key". */
export async function entryAt(parts: KvParts, where: StoreNames, key: string): Promise<Entry & { value: Uint8Array }> {
  const entry = await parts.kv.get(storeOf(parts, where), key);
  if (entry === null || entry.value === null) throw new MayflyError("no-such-key", { store: where.store, key: key.slice(0, 200) });
  return { ...entry, value: entry.value };
}

/** Returns the entry's version. */
export async function putEntry(parts: KvParts, where: StoreNames, entry: Omit<PutWrite, "kind">, trace?: Trace): Promise<number> {
  const [written] = await parts.kv.write(storeOf(parts, where), [{ kind: "put", ...entry }], trace);
  return written!.version;
}

export async function removeEntry(parts: KvParts, where: StoreNames, key: string, trace?: Trace): Promise<void> {
  await parts.kv.write(storeOf(parts, where), [{ kind: "remove", key }], trace);
}

export async function removeStore(parts: KvParts, where: StoreNames): Promise<void> {
  await parts.kv.drop(storeOf(parts, where));
}
