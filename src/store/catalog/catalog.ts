/**
 * What the platform knows about tenants, apps and their revisions. `Catalog` is the contract; `sqlite.ts` implements it.
 * Everything is keyed by stable ids. Only the rooms that talk to users look names up.
 */
import type { AppRuntime, KindChoice } from "../../base/kind/machine-kind.ts";
import type { CodeFormat } from "../../wire/protocol.ts";
import type { CanaryPlan, CanaryReason } from "../../traffic/canary.ts";
import type { Run } from "../../traffic/runs.ts";
import type { Tally } from "../../traffic/tally.ts";
import type { FilesForm } from "../../base/kind/files-form.ts";
import type { IncomingFiles, LargeDraft } from "../large-files/large-files.ts";
import type { Manifest } from "./manifest.ts";
import type { RunManifest } from "./parts.ts";
import type { ProvenHosts } from "./proven-hosts.ts";
import type { SigningKeys } from "./signing-keys.ts";
import type { Tenants } from "./tenants.ts";

/** One bundled function, as the guest gets it; or the app's files, whose function is FILES and whose code app-files.ts describes. */
export interface Bundle {
  function: string;
  format: CodeFormat | typeof FILES_FORMAT;
  code: Uint8Array;
}

/** Stands for a function's name in the bundle that has the app's files. It sorts before every name. */
export const FILES = "";
export const FILES_FORMAT = "files";

/** The code of a revision, as it is stored. */
export interface StoredCode {
  functions: { function: string; format: CodeFormat; bytes: number }[];
  /** The lengths, in bytes, of the list of the app's files and of their contents; undefined if the app has no files. */
  files?: { list: number; bytes: number; large?: LargeCode } | undefined;
  /**
   * The list and the contents of the files, unless `withoutFiles`; then the code of all functions, in their order, in parts of at most 1 MiB, with a turn of the event loop for other work after each MiB: one part is in
   * memory at a time. Throws "state-damaged" after the last part if the code is not what was deployed, so it must not be run before that.
   */
  parts: (withoutFiles?: boolean) => AsyncIterable<Uint8Array>;
}

/** Files that machines can read where they lie. */
export interface LargeCode {
  /** Resolves with the path of the files in this form. */
  path(form: FilesForm): Promise<string>;
  /** Until the returned release() is called, the files stay, even if the revision is removed. */
  keep(): () => void;
}

/** An immutable upload of an app's code and configuration. `app` and `tenant` are ids. */
export interface Revision {
  id: string;
  app: string;
  tenant: string;
  /** Counts from 1 for each app. */
  number: number;
  /** The SHA-256 (hex) over manifest and code: the same upload is the same revision. */
  digest: string;
  /** Its name is the app's. */
  manifest: Manifest;
  /** Milliseconds since the epoch. */
  createdAt: number;
  /** Of a revision that is put together of others: by each function's name, the id of the revision that has its code. See members.ts. */
  members?: ReadonlyMap<string, string>;
}

/** What is needed to run a revision, or a part of one. `app` and `id` are ids. */
export interface Version extends Pick<Revision, "app" | "id" | "number" | "createdAt"> {
  manifest: RunManifest;
  /** The id of the app's tenant. Absent in tests alone. */
  tenant?: string;
  /** The name by which calls ask for this revision, if they do: see LiveDispatcher.pin(). */
  pin?: string;
  /** The tenant id whose calls alone its machines serve: see isolation.ts. Absent: they serve all calls. */
  tenantKey?: string;
  /** Of a revision that is put together of others: those that run its functions, by the function. */
  runBy?: ReadonlyMap<string, Version>;
}

/** Where an alias sends calls: to one revision, or to several in proportion to their weights. */
export interface Target {
  revision: Revision;
  /** Above zero. An alias sends each of its targets the share of calls that its weight has in the sum of all weights. */
  weight: number;
}

/** How callers are kept at their revision where an alias splits its calls: by what their requests have in common. */
export interface StickyBy {
  by: "cookie" | "header";
  name: string;
}

/** An alias with all that calls of it need. */
export interface Alias {
  name: string;
  targets: Target[];
  /** Null: calls are spread, whoever makes them. */
  sticky: (StickyBy & { runs: Run[] }) | null;
  /** How many machines are kept bound to its revisions, at least, each revision's share rounded up. */
  reserved: number;
}

/** What of an alias is set beside its targets; what is absent stays as it is. */
export interface AliasSettings {
  sticky?: StickyBy | null | undefined;
  reserved?: number | undefined;
}

/** A target as a caller names it: the revision's id, its number, or its digest. */
export interface TargetChoice {
  revision: string | number;
  weight: number;
}

/** The alias that gets the calls that name no alias. */
export const LIVE = "live";

export interface AppRow {
  id: string;
  tenant: string;
  name: string;
  /** The revision that gets most calls; null if what is stored of it cannot be used. */
  live: Revision | null;
  /** Why there is no live revision. */
  problem: string | null;
  /** Newest first. */
  revisions: RevisionRow[];
  /** In the order of their names. */
  aliases: AliasRow[];
}

export interface AliasRow {
  name: string;
  targets: TargetRow[];
  /** Absent if it is not set, as is `reserved`. */
  sticky?: StickyBy;
  reserved?: number;
}

export interface RevisionRow {
  /** Of its functions, as their code says. */
  runtimes: AppRuntime[];
  id: string;
  number: number;
  digest: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
  /** The last time that the revision was a canary; absent if it never was. */
  canary?: CanaryRow;
  /** Of an app whose functions are deployed one by one: the function whose code it is. Absent: it is all of its app. */
  function?: string;
}

/** "replaced": calls were sent elsewhere before the canary was decided on. */
export type CanaryState = "running" | "promoted" | "rolled-back" | "replaced";

/** A revision that gets, or got, a share of the calls of `live` to see whether it is fit for all of them. Times are milliseconds since the epoch. */
export interface CanaryRow {
  revision: string;
  number: number;
  app: string;
  /** The id and the number of the revision that got the other calls. */
  old: string;
  oldNumber: number;
  /** Of the calls, 0 to 1. */
  share: number;
  plan: CanaryPlan;
  startedAt: number;
  state: CanaryState;
  endedAt: number | null;
  /** Why it ended; null while it runs. */
  reason: CanaryReason | null;
  /** What the calls were like; the last seconds may be missing while it runs. */
  tallies: { old: Tally; fresh: Tally };
}

export interface TargetRow {
  /** The revision's id. */
  revision: string;
  number: number;
  weight: number;
}

export interface Names {
  /** The app or appliance that has the name now. */
  holder(tenant: string, name: string): Holder | undefined;
  /** The app or appliance whose name equals the label if capitals are ignored, as they are in hosts. */
  holderOfHost(tenant: string, label: string): Holder | undefined;
  /**
   * The id of the app or appliance that has the name now; otherwise of the one that had it, or of the app that something was set for before
   * its first deploy.
   */
  known(tenant: string, name: string): string | undefined;
  /** The name of the app or appliance that has, or had, the id. Undefined if no such id was ever given. */
  nameOf(id: string): { tenant: string; name: string } | undefined;
  /** The id of the app of this name. If there was never such an app, it gets an id, but does not claim the name. */
  appId(tenant: string, name: string): string;
  /**
   * Gives the name to an appliance and returns the appliance's id, which is the same as before if an appliance had the name already. Throws
   * "name-taken".
   */
  claimForAppliance(tenant: string, name: string): string;
  /** Frees the name of an app or appliance. */
  release(id: string): void;
  /** Ids of all appliances that have a name. */
  appliances(): string[];
  /** The id of the tenant of this name. `asHost`: capitals make no difference, as in hosts. */
  tenant(name: string, asHost: boolean): string | undefined;
  /** The name of the tenant that has the id. */
  tenantName(id: string): string | undefined;
}

export interface Holder {
  kind: "app" | "appliance";
  id: string;
}

/** Starts to serve the app's calls by these targets. If it throws, nothing of the change is stored. */
export type Take = (targets: Target[]) => void;

/** Where a deploy sends calls of the new revision. The first deploy of an app always gets all calls. */
export type Placement =
  /** All calls go to it. */
  | { kind: "live" }
  /** It gets this share of the calls, 0 to 1, and the revision that got most calls gets the others. */
  | { kind: "canary"; share: number; plan: CanaryPlan }
  /** Another alias than `live` names it alone. */
  | { kind: "alias"; alias: string }
  /** It has one function. All calls of that go to it, and those of the app's other functions where they went: see members.ts. */
  | { kind: "member" };

export interface Deployed {
  /** Which gets the calls, of a member the revision that it is a part of. */
  revision: Revision;
  /** What was stored of the upload, if it is a part of the revision. */
  member?: Revision;
  /** False if all calls went to this revision already: then nothing was changed. */
  moved: boolean;
  /** Where the calls went before, the largest weight first; empty for a first deploy. */
  before: TargetRow[];
  /** The canary that the deploy has started; null if it has started none. */
  canary: CanaryRow | null;
}

export interface Catalog {
  readonly names: Names;
  readonly tenants: Tenants;
  /**
   * Stores the revision and points an alias at it, `live` by default, in one transaction at the end, within which `take` is called if `live` was changed. The code is
   * written before that, one part in each turn of the event loop. @param large the app's files, if they are no bundle. Rejects with "name-taken", "no-room", "disk-full", and "bad-request"
   * for a canary that gets most calls already.
   */
  deploy(tenant: string, manifest: Manifest, bundles: Bundle[], take?: Take, large?: LargeDraft, placement?: Placement): Promise<Deployed>;
  /** Throws "no-room" if so many bytes more, which are stored besides the catalog's, are too much code. @param name of what they are for */
  refuseMoreCode(tenant: string, name: string, bytes: number): void;
  /**
   * Takes the files of an upload as they arrive, as a share of the holder's. Large ones are given to deploy() as a draft, and discarded by the caller if it does not take them.
   * @param app see LargeFiles.receive()
   */
  receiveFiles(holder: string, app?: string): IncomingFiles;
  /**
   * Points an alias of the app at stored revisions, and creates the alias if it is new. Without targets, the alias keeps those that it has. `take` as in deploy(). A
   * canary that runs is over if the alias is `live` and has targets given: `why` says why, by default that it was done by hand. Throws "no-such-version" and "no-such-alias".
   */
  point(
    app: string,
    alias: string,
    targets: TargetChoice[] | undefined,
    take?: Take,
    more?: AliasSettings & { why?: CanaryReason },
  ): Target[];
  /** Points `live` at the revision that had all calls before; again, and it is the one before that. `take` as in deploy(). Throws "no-revision-before". */
  rollBack(app: string, take?: Take): Target[];
  /** All canaries that run. */
  runningCanaries(): CanaryRow[];
  /** The app's canary that runs. */
  runningCanary(app: string): CanaryRow | undefined;
  /** The last canary that the revision was. */
  canaryOf(revision: string): CanaryRow | undefined;
  /** Stores what the calls of the canary of this revision, and of the old one, were like. */
  countCanary(revision: string, tallies: CanaryRow["tallies"]): void;
  /**
   * Takes one function out of an app whose functions are deployed one by one, with these aliases, which are its alone. `take` as in deploy(). Returns where the app's calls go; if the function is not
   * one of several of the app, nothing is changed.
   */
  withdraw(app: string, name: string, aliases: string[], take?: Take): Target[];
  /** Throws "no-such-alias". */
  removeAlias(app: string, alias: string): void;
  /** Removes the app with its revisions, aliases and secrets, and frees its name. The id stays known. Throws "no-such-app". */
  remove(app: string): void;
  /** At most `count` of the tenant's apps that come after this name, in order. */
  page(tenant: string, after: string, count: number, text?: string): AppRow[];
  /** Undefined if there is no app of that name. Makes one query. */
  app(tenant: string, name: string): AppRow | undefined;
  /** Ids of all apps of the tenant that are deployed. */
  deployed(tenant: string): string[];
  /** Ids of all apps that are deployed, of all tenants. */
  all(): string[];
  /** How many apps are deployed, of all tenants. */
  count(): number;
  /** Where an app's calls go; empty if there is no such app. Throws "bad-manifest" or "state-damaged" if what is stored cannot be used. */
  live(app: string): Target[];
  /** Undefined if the app has no such alias. @param asHost capitals make no difference. Throws as live() does. */
  alias(app: string, name: string, asHost?: boolean): Alias | undefined;
  /** The app's aliases that reserve machines. Throws as live() does. */
  reserving(app: string): Alias[];
  /** A stored revision of the app, by its number, its id, its digest, or the first twelve digits of that. Throws "bad-manifest". */
  revision(app: string, choice: string): Revision | undefined;
  /** Ids of the apps that must be served before anybody calls them, because they keep machines ready or list hosts. */
  eager(): string[];
  /** Ids of the apps whose live revisions have triggers. */
  triggered(): string[];
  /** The kinds of machines that live revisions choose, each choice once. */
  kinds(): KindChoice[];
  /** Whether calls of its app's go to the revision. */
  isLive(revision: string): boolean;
  /** Throws "no-such-version". */
  code(revision: string): StoredCode;
  setSecret(app: string, name: string, value: string): void;
  removeSecret(app: string, name: string): void;
  secretNames(app: string): string[];
  /** The values of the secrets that the manifest names. Throws "no-such-secret". */
  secrets(app: string, names: string[]): Record<string, string>;
  readonly provenHosts: ProvenHosts;
  /** By which URLs of apps are signed. */
  readonly signingKeys: SigningKeys;
  /** Resolves when the space of what was removed is free on the disk again, as far as possible. */
  settled(): Promise<void>;
  close(): void;
}
