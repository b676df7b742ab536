/**
 * The records of the Lambda API. `open-lambda-store.ts` implements this. Everything is read when it is asked for, and is on the disk when a call returns.
 */
import type {
  AliasRecord,
  CodeSigningRecord,
  EventInvokeRecord,
  EventSourceRecord,
  FunctionRecord,
  LayerRecord,
  PolicyRecord,
  ProvisionedRecord,
  UrlRecord,
  VersionRecord,
  ZipCode,
} from "./records.ts";

/** Records of one sort. `owner` is the name of a function or a layer, or empty for functions themselves; `tenant` is an id. */
export interface Shelf<Record> {
  get(tenant: string, owner: string, key: string): Record | undefined;
  put(tenant: string, owner: string, key: string, record: Record): void;
  /** Returns whether there was one. */
  remove(tenant: string, owner: string, key: string): boolean;
  /** At most `count`, in the order of their keys, that come after this key. */
  page(tenant: string, owner: string, after: string, count: number): Record[];
  all(tenant: string, owner: string): Record[];
  keys(tenant: string, owner: string): string[];
}

export interface LambdaStore {
  /** What is written within `work` is one transaction: all of it is stored, or nothing. */
  together<T>(work: () => T): T;
  /** Likewise, on a full disk too: for removals. */
  togetherByAllMeans<T>(work: () => T): T;
  readonly unsettled: UnsettledNotes;
  readonly functions: Shelf<FunctionRecord>;
  /** Keyed by versionKey(). */
  readonly versions: Shelf<VersionRecord>;
  readonly aliases: Shelf<AliasRecord>;
  /** Keyed by the qualifier, like the next three: a version's number, an alias, or LATEST. */
  readonly policies: Shelf<PolicyRecord>;
  readonly urls: Shelf<UrlRecord>;
  readonly eventInvokes: Shelf<EventInvokeRecord>;
  readonly provisioned: Shelf<ProvisionedRecord>;
  /** Keyed by versionKey(). */
  readonly layers: Shelf<LayerRecord>;
  /** Keyed by their ids. */
  readonly codeSignings: Shelf<CodeSigningRecord>;
  /** Keyed by their ids. */
  readonly eventSources: Shelf<EventSourceRecord>;
  readonly zips: Zips;
  /** At most `count` names of layers that have a version and come after this name, in order. */
  layerNames(tenant: string, after: string, count: number): string[];
  /** The next number of a layer's version. A number that was given is never given again. */
  nextLayerVersion(tenant: string, layer: string): number;
  /** The function that has this URL. */
  ofUrl(id: string): { tenant: string; function: string; qualifier: string } | undefined;
  /** Functions whose newest change had not ended when the server did. */
  unfinished(): { tenant: string; name: string }[];
  /** Functions with provisioned concurrency. */
  provisioning(): { tenant: string; name: string }[];
  /** Those of all tenants. */
  allEventSources(): { tenant: string; record: EventSourceRecord }[];
  /** At most `count` names of functions with this configuration of code signing, in order, that come after this one. */
  functionsSignedBy(tenant: string, id: string, after: string, count: number): string[];
  /** The reserved concurrency of all functions together. */
  reservedInAll(tenant: string): number;
  /** The function whose name differs from this one in capitals at most. */
  functionLike(tenant: string, name: string): string | undefined;
  /** Names of the functions whose tag names the app, in order. */
  functionsIn(tenant: string, app: string): string[];
  /** Removes the function, all that belongs to it, and zip files that nothing else has. @param leaves the app that still has its code: a note says so */
  removeFunction(tenant: string, name: string, leaves?: string): void;
  /** Removes all functions and layers of the tenant with all that belongs to them, and zip files that nothing else has. */
  removeTenant(tenant: string): void;
  /** The sizes of all zip files that functions, versions and layers have, in bytes. */
  codeBytes(tenant: string): number;
  /** How much of the disk zip files take, each once, in bytes. @param tenant null: those of all */
  zipBytes(tenant: string | null): number;
  countRecords(tenant: string): number;
  /** Another number after each change of a record, so that what was read can be kept until then. */
  changes(): number;
  close(): void;
}

/** That an app may not have followed a record yet: see unsettled.ts. */
export interface Unsettled {
  tenant: string;
  function: string;
  /** A version's number, or an alias; empty: it is the function itself, which was removed. */
  qualifier: string;
  /** The name of the function's app. */
  app: string;
}

export interface UnsettledNotes {
  add(note: Unsettled): void;
  remove(note: Omit<Unsettled, "app">): void;
  all(): Unsettled[];
}

export interface Zips {
  /** Stores the file, if it is not there yet, and has a record written that refers to it: otherwise the file goes at once. Rejects with "disk-full". @param use writes the record */
  keep<T>(bytes: Buffer, use: (code: ZipCode) => T): Promise<T>;
  /** Rejects with "state-damaged" if the file is not what was stored. */
  read(code: ZipCode): Promise<Buffer>;
  /** The file in pieces, of which few are in memory at a time. Rejects with "state-damaged", and so do the pieces at their end. */
  stream(code: ZipCode): Promise<AsyncIterable<Buffer>>;
  /** Removes those of these files that nothing refers to. */
  release(codes: readonly (Pick<ZipCode, "digest"> | null)[]): void;
}

/** Stands for the newest, unpublished code where a qualifier is a key. */
export const LATEST = "$LATEST";

/** So that keys have the order of the numbers. */
export function versionKey(version: number): string {
  return String(version).padStart(10, "0");
}
