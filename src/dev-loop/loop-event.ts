/** What is told of an app under development. */
import type { MayflyError } from "../base/errors/error.ts";

export type LoopEvent = Deployed | Failed | Renamed | Warned;

interface Deployed {
  type: "deployed";
  dir: string;
  app: string;
  functions: string[];
  /** The number of the revision. */
  revision: number;
  /** False if the same code was deployed before. */
  changed: boolean;
  /** What was saved, relative to the folder; empty at the first deploy. */
  saved: string[];
  /** Milliseconds from the save, or from the start. */
  ms: number;
  /** Of these, what bundling took. */
  bundleMs: number;
  isFirst: boolean;
}

interface Failed {
  type: "failed";
  dir: string;
  error: MayflyError;
  /** Whether code that was deployed before goes on answering. */
  oldServes: boolean;
}

/** mayfly.json has another name. */
interface Renamed {
  type: "renamed";
  dir: string;
  from: string;
  to: string;
  /** Whether the app of the old name was removed. If not, it goes on answering. */
  removed: boolean;
}

interface Warned {
  type: "warned";
  dir: string;
  text: string;
}
