/**
 * Stores of keys and values. A store belongs to an app and has a name; it is there as soon as something is put into it.
 *
 * 1. What was written is on the disk before its promise resolves, and every later read sees it.
 * 2. Each change of a store gets the store's next version, so a key that was removed and made again never has an old version again.
 * 3. Writes that are given together are all made, or none of them.
 * 4. An entry is not there any more from its time of expiry on, whether or not its space is free yet.
 *
 * Nothing in it needs SQLite: NATS JetStream's key-value buckets have versions, conditional writes and watchers of the same kind.
 */
export interface KeyValues {
  /** @param most bytes: of a larger value, everything but the value is returned. So one that has to wait for room in memory is not read before it has it */
  get(store: Store, key: string, most?: number): Promise<Entry | null>;
  /** In the order of the keys' bytes in UTF-8. */
  list(store: Store, request: ListRequest): Promise<KeyPage>;
  /**
   * Rejects with "kv-conflict" if the key of a write has another version than its `ifVersion`, "kv-no-number" if what is to be added to is not a whole number, "kv-full"
   * if the app or its tenant would have more than it may, "kv-too-large", "store-busy" and "disk-full". Then nothing was written.
   * @param trace of whoever writes; watchers are told of it, as long as it is remembered
   */
  write(store: Store, writes: readonly Write[], trace?: Trace): Promise<Written[]>;
  /**
   * Tells of each key that was changed since version `since`, in the order of versions, and then goes on with changes as they happen, until the signal. A key that is changed
   * again before it was told of is told of once, as it is then. Throws "kv-changes-lost" if removals after `since` are not known any more: who copies a store lists it again.
   * @param since a version; "now": only what happens from now on
   */
  watch(store: Store, request: WatchRequest): AsyncIterable<Change>;
  /** The stores of an app, with what is in them. */
  stores(app: string): Promise<StoreFigures[]>;
  /** Removes a store with all that is in it. Whoever watches it is told of nothing. */
  drop(store: Omit<Store, "tenant">): Promise<void>;
}

export interface Store {
  tenant: string;
  app: string;
  name: string;
}

/** By the two headers of W3C Trace Context. */
export interface Trace {
  traceparent: string;
  tracestate: string;
}

export interface Entry {
  /** Null if it is larger than what was asked for. */
  value: Uint8Array | null;
  /** Of the value. */
  bytes: number;
  /** JSON. */
  metadata: string | null;
  /** Wall clock, ms; null: never. */
  expiresAt: number | null;
  version: number;
}

export interface ListRequest {
  prefix?: string;
  /** Keys after this one only: `next` of the page before. */
  after?: string;
  /** At most 1,000. */
  most: number;
}

export interface KeyPage {
  keys: ListedKey[];
  /** What `after` must be for the next page; null on the last one. */
  next: string | null;
}

export interface ListedKey extends Omit<Entry, "value"> {
  key: string;
}

export type Write = PutWrite | RemoveWrite | AddWrite;

interface Conditional {
  key: string;
  /** The version that the entry must have; 0: there must be none. */
  ifVersion?: number | undefined;
}

export interface PutWrite extends Conditional {
  kind: "put";
  value: Uint8Array;
  metadata?: string | null | undefined;
  expiresAt?: number | null | undefined;
}

interface RemoveWrite extends Conditional {
  kind: "remove";
}

/** Adds to a value that is a whole number, written as a text; 0 if there is none. Its metadata and its expiry stay, unless they are given. */
interface AddWrite extends Conditional {
  kind: "add";
  by: number;
  expiresAt?: number | null | undefined;
}

export interface Written {
  /** The entry's new version; 0 if there was nothing to remove. */
  version: number;
  /** Of a counter, what it is now. */
  sum?: number;
}

export interface WatchRequest {
  prefix?: string;
  since: number | "now";
  signal: AbortSignal;
}

export interface Change {
  key: string;
  version: number;
  /** Null if the key is not there any more: it was removed, or it expired. */
  entry: Omit<ListedKey, "key" | "version"> | null;
  /** The trace of whoever made the change. Left out: there was none, or it is not remembered any more. */
  trace?: Trace;
}

export interface StoreFigures {
  name: string;
  entries: number;
  /** Of keys, values and metadata. */
  bytes: number;
  version: number;
}

/** What an app, and all apps of a tenant, may have in their stores. */
export interface KvLimits {
  entries: number;
  bytes: number;
}

export const MOST_KEY_BYTES = 512;
export const MOST_METADATA_BYTES = 1_024;
export const MOST_VALUE_BYTES = 25 * 2 ** 20;
/** Keys of a page. */
export const MOST_LISTED = 1_000;
/** Writes that are made together. */
export const MOST_WRITES = 1_000;
/** Stores of an app. */
export const MOST_STORES = 100;
