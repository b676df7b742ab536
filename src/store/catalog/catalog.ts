/**
 * What the platform knows of tenants, apps and their revisions. One small interface; `sqlite.ts` is the embedded implementation.
 * Everything is keyed by stable ids. Names are looked up by those who speak with the outside, and nobody else.
 */
import type { Manifest } from "./manifest.ts";

/** One bundled function, as the guest gets it. */
export interface Bundle {
  function: string;
  format: "cjs" | "esm";
  code: Uint8Array;
}

/** An immutable upload of an app's code and configuration. */
export interface Revision {
  id: string;
  /** The app's id. */
  app: string;
  /** The tenant's id. */
  tenant: string;
  /** Counts from 1 for each app. */
  number: number;
  /** The SHA-256 (hex) over manifest and code: the same upload is the same revision. */
  digest: string;
  manifest: Manifest;
  /** Milliseconds since the epoch. */
  createdAt: number;
}

/** As much of a revision as those need who run it. `app` and `id` are ids. */
export type Version = Pick<Revision, "app" | "id" | "manifest" | "createdAt">;

/** Where an alias sends calls: to one revision, or to several in proportion to their weights. */
export interface Target {
  revision: Revision;
  /** Above zero; only the proportion to the other targets counts. */
  weight: number;
}

/** A target as a caller names it: the revision's id, its number, or its digest. */
export interface TargetChoice {
  revision: string | number;
  weight: number;
}

/** The alias that calls go to where they name none. */
export const LIVE = "live";

export interface AppRow {
  id: string;
  tenant: string;
  name: string;
  /** The revision that most calls go to; null where what is stored of it cannot be used. */
  live: Revision | null;
  /** Why there is no live revision. */
  problem: string | null;
  /** Newest first. */
  revisions: RevisionRow[];
  /** By name. */
  aliases: { name: string; targets: TargetRow[] }[];
}

export interface RevisionRow {
  id: string;
  number: number;
  digest: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
}

interface TargetRow {
  /** The revision's id. */
  revision: string;
  number: number;
  weight: number;
}

export interface Names {
  /** The id of who has the name now. */
  holder(tenant: string, name: string): Holder | undefined;
  /** The same where capitals make no difference, as in hosts. */
  holderOfHost(tenant: string, label: string): Holder | undefined;
  /** The id of who has the name now, or else of the app that had it or that something was set for before its first deploy. */
  known(tenant: string, name: string): string | undefined;
  /** The name of whoever has the id, or had it. Undefined where there never was one. */
  nameOf(id: string): { tenant: string; name: string } | undefined;
  /** The id of the app of this name; one that was never deployed gets one. It does not claim the name. */
  appId(tenant: string, name: string): string;
  /** Gives the name to an appliance. Returns its id: the same for a name that an appliance had before. Throws "name-taken". */
  claimForAppliance(tenant: string, name: string): string;
  /** The name of an app or appliance is free again. */
  release(id: string): void;
  /** Ids of all appliances that have a name. */
  appliances(): string[];
}

export interface Holder {
  kind: "app" | "appliance";
  id: string;
}

/** Takes over where an app's calls go from now on. Where it throws, nothing of the change is stored. */
export type Take = (targets: Target[]) => void;

export interface Deployed {
  revision: Revision;
  /** false: all calls went to this revision already, and nothing was changed. */
  moved: boolean;
}

export interface Catalog {
  readonly names: Names;
  /**
   * Stores the revision and points the alias `live` at it, in one transaction at the end; `take` is called in it. The code is written before, a
   * part in each turn of the event loop. Rejects with "name-taken", "no-room", "disk-full".
   */
  deploy(tenant: string, manifest: Manifest, bundles: Bundle[], take?: Take): Promise<Deployed>;
  /** Points an alias of the app at revisions that are kept, and makes the alias where it is new. `take` as above. Throws "no-such-version". */
  point(app: string, alias: string, targets: TargetChoice[], take?: Take): Target[];
  /** Throws "no-such-alias". */
  removeAlias(app: string, alias: string): void;
  /** Removes the app with its revisions, aliases and secrets, and frees its name. Its id stays known. Throws "no-such-app". */
  remove(app: string): void;
  /** At most `count` of the tenant's apps that come after this name, in order. */
  page(tenant: string, after: string, count: number): AppRow[];
  /** Undefined where there is none. One query. */
  app(tenant: string, name: string): AppRow | undefined;
  /** Ids of all apps of the tenant that are deployed. */
  deployed(tenant: string): string[];
  /** Ids of all apps that are deployed, of all tenants. */
  all(): string[];
  /** How many apps are deployed, of all tenants. */
  count(): number;
  /** Where an app's calls go; empty where there is no such app. Throws "bad-manifest" where what is stored cannot be used. */
  live(app: string): Target[];
  /** Ids of apps that are to be served before anybody calls them: they keep machines ready, or list hosts. */
  eager(): string[];
  /** The sizes of machines that live revisions ask for, each once. */
  sizes(): { memoryMb: number; vcpus: number }[];
  bundles(revision: string): Bundle[];
  setSecret(app: string, name: string, value: string): void;
  removeSecret(app: string, name: string): void;
  secretNames(app: string): string[];
  /** The values of the secrets that the manifest names. Throws "no-such-secret". */
  secrets(app: string, names: string[]): Record<string, string>;
  /** Resolves when the disk has back what was removed, as far as it can. */
  settled(): Promise<void>;
  close(): void;
}
