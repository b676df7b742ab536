/** Finds the file of another tool that describes a folder's functions. */
import { existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { MayflyError } from "../base/errors/error.ts";

export interface FoundFile {
  tool: "serverless" | "template" | "cdk";
  /** Its path. Of CDK it is manifest.json of what was synthesised. */
  file: string;
}

const SERVERLESS = ["serverless.yml", "serverless.yaml", "serverless.json"];
const TEMPLATES = ["template.yaml", "template.yml", "template.json"];
/** Where `cdk synth` writes. */
const SYNTHESISED = "cdk.out";
const ASSEMBLY = "manifest.json";

/** Files that are programs, and what to do in place of running them. */
const programs: [file: string, cure: string][] = [
  ["serverless.ts", "it is a program, and none is run here: `serverless print > serverless.yml` writes what it says"],
  ["serverless.js", "it is a program, and none is run here: `serverless print > serverless.yml` writes what it says"],
  ["cdk.json", "a CDK app is deployed from what it synthesises: run `cdk synth`, which writes cdk.out"],
];

/** @param path a folder or such a file. @returns undefined if there is none. Throws "bad-tool-file" if there is a program alone, which would have to be run */
export function findToolFile(path: string): FoundFile | undefined {
  if (!existsSync(path)) return undefined;
  if (statSync(path).isFile()) return named(path);
  const found = [...SERVERLESS, ...TEMPLATES, join(SYNTHESISED, ASSEMBLY)].map((name) => join(path, name)).find((each) => existsSync(each));
  if (found !== undefined) return named(found);
  if (existsSync(join(path, ASSEMBLY)) && basename(path) === SYNTHESISED) return { tool: "cdk", file: join(path, ASSEMBLY) };
  const program = programs.find(([name]) => existsSync(join(path, name)));
  if (program !== undefined) throw new MayflyError("bad-tool-file", { file: join(path, program[0]), what: program[1] });
  return undefined;
}

/** What a file is, by its name. */
function named(file: string): FoundFile {
  const name = basename(file);
  if (name === ASSEMBLY) return { tool: "cdk", file };
  return { tool: /^serverless\b/.test(name) ? "serverless" : "template", file };
}
