import { existsSync, realpathSync } from "node:fs";
import { isAbsolute, join, sep } from "node:path";
import { BadToolFile } from "../document/bad-tool-file.ts";

/**
 * The real path of what a file of a stranger names; undefined if there is nothing. Throws BadToolFile if that is not in the folder.
 * @param folder a real path
 */
export function confined(folder: string, path: string, at: string): string | undefined {
  const refuse = () => {
    throw new BadToolFile(
      at,
      `${JSON.stringify(path.slice(0, 200))} is outside of the folder of the file, in which everything has to be that is deployed`,
    );
  };
  if (isAbsolute(path) || path.includes("\0")) refuse();
  const place = join(folder, path);
  if (!isIn(place, folder)) refuse();
  if (!existsSync(place)) return undefined;
  const real = realpathSync(place);
  return isIn(real, folder) ? real : refuse();
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.replace(/\/$/, "") === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}
