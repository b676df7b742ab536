import { readFileSync } from "node:fs";
import { confined } from "./code/confined.ts";

/** The stack's name of samconfig.toml, which `sam deploy --guided` writes; of its first environment. Undefined if there is none. */
export function stackNameOf(folder: string): string | undefined {
  const file = confined(folder, "samconfig.toml", "");
  return file === undefined ? undefined : /^\s*stack_name\s*=\s*"([^"\n]{1,128})"/m.exec(readFileSync(file, "utf8"))?.[1];
}
