import type { Builder } from "./builder.ts";
import type { ResidentCompiler } from "./java/resident-compiler.ts";
import type { Surveys } from "./surveys.ts";
import type { KeptPackages } from "./python/kept-packages.ts";
import type { ResidentPython } from "./python/resident-python.ts";
import type { PartManifest } from "../store/catalog/parts.ts";

/** The folder of an app, of which the functions of one runtime are bundled. */
export interface AppFolder {
  manifest: PartManifest;
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
  /** What bundles JavaScript. Default: each time anew. */
  builder?: Builder;
  /** What is known of functions that were bundled before. Default: nothing. */
  surveys?: Surveys;
  /** What compiles Java. Default: javac, each time anew. */
  compiler?: ResidentCompiler;
  /** What looks at Python. Default: Python, started each time anew. */
  python?: ResidentPython;
  /** Where packages of Python stay installed. Default: nowhere. */
  packages?: KeptPackages;
  /** Whether a debugger on this host finds the sources by the map of the code. The bytes are not the same for each place of the folder then. */
  debuggable?: boolean;
}
