/**
 * Programs of Debian's packages under the names by which commands of an app call them. On this host they are run by their own loader, so that each name
 * is a script.
 */
import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { putFile } from "../../images/put-file.ts";

export interface Launched {
  command: [string, ...string[]];
  /** Variables that the program needs to run here. */
  env?: Record<string, string>;
}

/** Returns the folder with the scripts, which is another one for other commands. @param programs by their names */
export async function launcherFolder(cacheDir: string, programs: Record<string, Launched>): Promise<string> {
  const folder = join(cacheDir, "launchers", createHash("sha256").update(JSON.stringify(programs)).digest("hex").slice(0, 16));
  await mkdir(folder, { recursive: true });
  for (const [name, launched] of Object.entries(programs)) await putFile(join(folder, name), script(launched), 0o555);
  return folder;
}

function script({ command, env = {} }: Launched): string {
  const variables = Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}\n`);
  return `#!/bin/sh\n${variables.join("")}exec ${command.map(quoted).join(" ")} "$@"\n`;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
