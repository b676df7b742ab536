/** AWS's own answers, which are kept beside the repository and are no part of it. Where they are missing, nothing is replayed. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectDir } from "../platform.ts";

const folder = join(projectDir, "..", "shared", "recordings", "lambda");

/** By the name of what was answered. */
export type Recording = Readonly<Record<string, unknown>>;

export const recordingsFolder = existsSync(folder) ? folder : undefined;

/** By the names of the tests that they were recorded for. Empty if there is no such file. */
export function readRecordings(file: string): [test: string, recording: Recording][] {
  const path = join(folder, `${file}.json`);
  if (!existsSync(path)) return [];
  return Object.entries(JSON.parse(readFileSync(path, "utf8")) as Record<string, Recording>);
}
