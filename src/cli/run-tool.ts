/** Runs a program of this project on the pinned Node, with its output going directly to the terminal. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { delimiter, dirname } from "node:path";
import { fileURLToPath } from "node:url";

export const projectDir = fileURLToPath(new URL("../..", import.meta.url));

/** Resolves with the exit code; 1 if a signal ended the program. */
export async function runTool(program: string, args: string[]): Promise<number> {
  const path = [dirname(process.execPath), `${projectDir}node_modules/.bin`, process.env.PATH].join(delimiter);
  const child = spawn(program, args, { cwd: projectDir, stdio: "inherit", env: { ...process.env, PATH: path } });
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}
