import type { ToolFunction } from "../translation.ts";

/** A function whose code is found. */
export interface FoundCode {
  of: ToolFunction;
  /** The real path of its code's folder. */
  folder: string;
  /** Relative to that folder. */
  entry: string;
  handler: string | undefined;
  /** Globs of further files in the folder that travel; null: all files do. */
  patterns: string[] | null;
}
