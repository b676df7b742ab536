import type { UploadBundle } from "../store/catalog/unread-files.ts";
import type { Manifest } from "../store/catalog/manifest.ts";

/** What a deploy uploads, and what it says of it. */
export interface BundledApp {
  /** As the folder has it, but with the commands that machines run. */
  manifest: Manifest;
  /** In the order of the manifest; the app's files come last, if it has any. */
  bundles: UploadBundle[];
  /** What may fail at run time, such as a computed import; one sentence each. */
  warnings: string[];
  files: {
    count: number;
    bytes: number;
    /** Those that travel because the code names them, although the manifest does not. Relative to the folder, in order. */
    named: string[];
  };
}

/** What was bundled of a part of an app, or of all parts. */
export interface BundledPart extends Omit<BundledApp, "manifest"> {
  /** Of functions that run by another command than the manifest has: the name, and the command. */
  commands?: [name: string, command: string[]][];
}
