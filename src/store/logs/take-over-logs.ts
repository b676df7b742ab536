/** Renames the log files of an older Mayfly, which were called by the names of apps and appliances, to their ids. */
import { readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { isId } from "../../base/ids/new-id.ts";

/** Each file is renamed by itself, so if a start is killed meanwhile, the next start renames the rest. */
export function takeOverLogs(dir: string, idOf: (name: string) => string): void {
  for (const file of readdirSync(dir)) {
    const [, name, rest] = /^([^.]+)((?:\.\d+)?\.jsonl)$/.exec(file) ?? [];
    if (name === undefined || isId("app", name) || isId("appliance", name)) continue;
    renameSync(join(dir, file), join(dir, `${idOf(name)}${rest}`));
  }
}
