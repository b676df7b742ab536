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

interface AppRow {
  app: string;
  /** The version that calls go to. */
  live: Version;
  versions: { id: string; createdAt: number }[];
}

export interface Catalog {
  /** Stores the version and points the app at it, in one transaction. */
  deploy(manifest: Manifest, bundles: Bundle[]): Version;
  /** Points the app at a version that it has. Throws "no-such-version". */
  pointTo(app: string, version: string): Version;
  /** Removes the app with its versions and secrets. Throws "no-such-app". */
  remove(app: string): void;
  list(): AppRow[];
  /** Undefined where there is no such app. */
  live(app: string): Version | undefined;
  bundles(app: string, version: string): Bundle[];
  setSecret(app: string, name: string, value: string): void;
  removeSecret(app: string, name: string): void;
  secretNames(app: string): string[];
  /** The values of the secrets that the manifest names. Throws "no-such-secret". */
  secrets(app: string, names: string[]): Record<string, string>;
  close(): void;
}
