import { BadToolFile } from "./document/bad-tool-file.ts";
import type { Value } from "./document/value.ts";

/** What the user says beside the file. */
export interface ToolOptions {
  /** Of serverless.yml. */
  stage: string | undefined;
  /** Of a template, or `params` of serverless.yml. */
  parameters: ReadonlyMap<string, string>;
  /** Variables of functions, which go before those of the file. */
  environment: ReadonlyMap<string, string>;
  /** Names of functions; if there are some, all others are left out. */
  only: ReadonlySet<string>;
  /** Names of functions, and of nested stacks, that are left out. */
  except: ReadonlySet<string>;
}

/** What a file may read of its surroundings. */
export interface Surroundings {
  /** The variables that `${env:…}` names. */
  variables: Readonly<Record<string, string | undefined>>;
  /** Another file of the folder; undefined if there is none. Throws BadToolFile if the path leads out of the folder. */
  readFile(path: string): Value | undefined;
}

export function isWanted(name: string, { only, except }: Pick<ToolOptions, "only" | "except">): boolean {
  return !except.has(name) && (only.size === 0 || only.has(name));
}

/** Throws BadToolFile for a name that nothing in the file has: it is mistyped, and what it was meant to choose or leave out would be treated otherwise. */
export function refuseUnknown(
  { only, except }: Pick<ToolOptions, "only" | "except">,
  functions: readonly string[],
  others: readonly string[] = [],
): void {
  const all = new Set([...functions, ...others]);
  const mistyped = [...only].find((name) => !functions.includes(name)) ?? [...except].find((name) => !all.has(name));
  if (mistyped === undefined) return;
  const option = only.has(mistyped) ? "--only" : "--except";
  throw new BadToolFile(
    "",
    `it has no function ${mistyped}, which ${option} names${functions.length > 0 ? `; there are ${functions.slice(0, 50).join(", ")}` : ""}`,
  );
}
