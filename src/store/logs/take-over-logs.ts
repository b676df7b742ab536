/** Files of an older Mayfly's logs were called by the names of apps and appliances, and are by their ids from now on. */
import { readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { isId } from "../../base/ids/new-id.ts";

/** Each file is renamed by itself: a start that is killed meanwhile leaves the rest to the next one. */
export function takeOverLogs(dir: string, idOf: (name: string) => string): void {
  for (const file of readdirSync(dir)) {
    const [, name, rest] = /^([^.]+)((?:\.\d+)?\.jsonl)$/.exec(file) ?? [];
    if (name === undefined || isId("app", name) || isId("appliance", name)) continue;
    renameSync(join(dir, file), join(dir, `${idOf(name)}${rest}`));
  }
}
