/** Names of images: the file `<cacheDir>/images/names/<name>` contains the id. Giving an existing name to another image moves it. */
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { imagesFolder } from "../image.ts";
import { putFile } from "../put-file.ts";

/** @throws "bad-request" if the text is not a valid name */
export function checkName(name: string): void {
  if (/^[a-z0-9][a-z0-9._-]{0,62}$/.test(name) && name !== "latest") return;
  const what = `${JSON.stringify(name)} is not a valid name of an image: it must be up to 63 lower-case letters, digits and ._-, and not "latest"`;
  throw new MayflyError("bad-request", { what });
}

export async function nameImage(cacheDir: string, name: string, id: string): Promise<void> {
  checkName(name);
  await mkdir(folder(cacheDir), { recursive: true });
  await putFile(join(folder(cacheDir), name), `${id}\n`);
}

/** Name → id, sorted by name. */
export async function imageNames(cacheDir: string): Promise<Map<string, string>> {
  if (!existsSync(folder(cacheDir))) return new Map();
  const names = (await readdir(folder(cacheDir))).filter((name) => /^[a-z0-9._-]+$/.test(name)).toSorted();
  const ids = await Promise.all(names.map((name) => readFile(join(folder(cacheDir), name), "utf8")));
  return new Map(names.map((name, index) => [name, ids[index]!.trim()]));
}

/** Id → the image's names. */
export async function namesById(cacheDir: string): Promise<Map<string, string[]>> {
  const byId = Map.groupBy(await imageNames(cacheDir), ([, id]) => id);
  return new Map([...byId].map(([id, entries]) => [id, entries.map(([name]) => name)]));
}

/** Rejects with "no-such-image" if no image has this name. */
export async function giveUpName(cacheDir: string, name: string): Promise<void> {
  if (!(await imageNames(cacheDir)).has(name)) throw new MayflyError("no-such-image", { image: `with the name ${name}` });
  await rm(join(folder(cacheDir), name));
}

function folder(cacheDir: string): string {
  return join(imagesFolder(cacheDir), "names");
}
