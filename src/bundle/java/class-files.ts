import { globSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import type { TravellingFile } from "../files/travelling-file.ts";

/** The files that the compiler has written. @param folder theirs, which is removed when the app is bundled @param place below the task root, for machines */
export function classFiles(folder: string, place: string): TravellingFile[] {
  return globSync("**", { cwd: folder })
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => ({ path: `${place}/${relative(folder, join(folder, name))}`, from: join(folder, name), passing: true }));
}
