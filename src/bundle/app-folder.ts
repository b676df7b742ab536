import type { Manifest } from "../store/catalog/manifest.ts";

/** An app's folder, whose manifest was read. */
export interface AppFolder {
  manifest: Manifest;
  /** Its path, which contains no symbolic link. */
  root: string;
  /** The manifest's path as the user gave it, for errors. */
  file: string;
}

/** What some runtimes need to bundle an app. */
export interface Surroundings {
  /** The folder in which Debian's packages are kept, and what they make. */
  cacheDir: string;
  progress: (step: string) => void;
}
