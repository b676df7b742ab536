/** What the platform knows of apps. One small interface; `sqlite.ts` is the embedded implementation. */
import type { Manifest } from "./manifest.ts";

/** One bundled function, as the guest gets it. */
export interface Bundle {
  function: string;
  format: "cjs" | "esm";
  code: Uint8Array;
}

/** An immutable upload. `id` is the SHA-256 (hex) over manifest and bundles: the same upload is the same version. */
export interface Version {
  app: string;
  id: string;
  manifest: Manifest;
  /** Milliseconds since the epoch. */
  createdAt: number;
}

export interface AppRow {
  app: string;
  /** The version that calls go to; null where what is stored of it cannot be used. */
  live: Version | null;
  /** Why there is no live version. */
  problem: string | null;
  versions: { id: string; createdAt: number }[];
}

/** Takes a version over. Where it throws, nothing of the change is stored. */
export type Take = (version: Version) => void;

export interface Catalog {
  /** Stores the version and points the app at it, in one transaction; `take` is called in it. */
  deploy(manifest: Manifest, bundles: Bundle[], take?: Take): Version;
  /** Points the app at a version that it has; `take` as above. Throws "no-such-version". */
  pointTo(app: string, version: string, take?: Take): Version;
  /** Removes the app with its versions and secrets. Throws "no-such-app". */
  remove(app: string): void;
  list(): AppRow[];
  /** At most `count` of the apps that come after this name, in order. */
  page(after: string, count: number): AppRow[];
  /** Undefined where there is none. */
  app(app: string): AppRow | undefined;
  names(): string[];
  /** Undefined where there is no such app, or no usable version of it. */
  live(app: string): Version | undefined;
  bundles(app: string, version: string): Bundle[];
  setSecret(app: string, name: string, value: string): void;
  removeSecret(app: string, name: string): void;
  secretNames(app: string): string[];
  /** The values of the secrets that the manifest names. Throws "no-such-secret". */
  secrets(app: string, names: string[]): Record<string, string>;
  /** Resolves when the disk has back what was removed, as far as it can. */
  settled(): Promise<void>;
  close(): void;
}
