/**
 * What the settings permit appliances to use of this host: folders to read, and addresses to publish on. A caller with the API's token gets
 * no more than that.
 */
import { constants } from "node:fs";
import { type FileHandle, open, readlink, realpath } from "node:fs/promises";
import { BlockList, isIPv6 } from "node:net";
import { MayflyError } from "../base/errors/error.ts";
import type { PublishedPort } from "./spec.ts";

export interface Permitted {
  /** The setting `appliances.folders`: absolute paths, shared with everything below them. */
  folders: string[];
  /** The setting `appliances.publish`: addresses besides loopback. */
  publish: string[];
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Throws "not-permitted". */
export function checkAddress({ address }: PublishedPort, { publish }: Permitted): void {
  const isHere = loopback.check(address, isIPv6(address) ? "ipv6" : "ipv4");
  // A BlockList also knows other spellings of the same address.
  const listed = new BlockList();
  for (const one of publish) listed.addAddress(one, isIPv6(one) ? "ipv6" : "ipv4");
  if (isHere || listed.check(address, isIPv6(address) ? "ipv6" : "ipv4")) return;
  const what = `ports may not be published on ${address}, only on this host's loopback${publish.map((one) => ` and on ${one}`).join("")}`;
  throw new MayflyError("not-permitted", { what, key: "appliances.publish", entry: address });
}

/**
 * Opens a folder and then checks where it really is, whatever links its path contains. So the folder that is opened is the one that was
 * checked.
 * @param stateDir is never shared, because it contains every secret
 * @returns the open folder, which the caller must close. Rejects with "not-permitted" or "bad-appliance".
 */
export async function openShared(folder: string, { folders }: Permitted, stateDir: string): Promise<FileHandle> {
  const refusal = () => {
    const what = `${folder} is in no folder that may be shared${folders.length === 0 ? ": there is none" : ""}`;
    return new MayflyError("not-permitted", { what, key: "appliances.folders", entry: folder });
  };
  // A caller that may not read a folder must not learn whether it exists.
  if (folders.length === 0) throw refusal();
  const opened = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY).catch(() => undefined);
  if (opened === undefined) throw (await isBelowAny(folder, folders)) ? noFolder(folder) : refusal();
  try {
    const place = await readlink(`/proc/self/fd/${opened.fd}`);
    if (!(await isBelowAny(place, await realOnes(folders)))) throw refusal();
    const [state] = await realOnes([stateDir]);
    if (state !== undefined && (isBelow(place, state) || isBelow(state, place))) {
      throw new MayflyError("bad-appliance", { what: `${folder} is, contains, or is inside the state folder, which is never shared` });
    }
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

function noFolder(folder: string): MayflyError {
  return new MayflyError("bad-appliance", { what: `${folder} is not a folder on this host` });
}

/** The real paths of those folders that exist; a folder that does not exist permits nothing. */
async function realOnes(folders: string[]): Promise<string[]> {
  const found = await Promise.all(folders.map((folder) => realpath(folder).catch(() => undefined)));
  return found.filter((folder) => folder !== undefined);
}

async function isBelowAny(place: string, folders: string[]): Promise<boolean> {
  return folders.some((folder) => isBelow(place, folder));
}

function isBelow(place: string, folder: string): boolean {
  return place === folder || place.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}
