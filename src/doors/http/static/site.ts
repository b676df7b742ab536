/**
 * The static files of one revision, as the gateway has them: all contents in one file of the cache folder, and where in it each is. A request's path is
 * looked up in a map and leads to no path of the host, so that no path and no link can lead out of the site.
 */
import type { FileHandle } from "node:fs/promises";
import type { Coding } from "../compression/accepted-coding.ts";

export interface SiteFile {
  /** Where its contents begin in the site's file, and how long they are, in bytes. */
  readonly at: number;
  readonly bytes: number;
  readonly type: string;
  /** A strong entity tag, of the contents alone. */
  readonly etag: string;
  /** Whether the file's name changes with its contents, so that clients may keep it for ever. */
  readonly isImmutable: boolean;
  /** The same contents, compressed when the app was built: files that are called like this one and end in .zst, .br or .gz. */
  readonly compressed: ReadonlyMap<Coding, SiteFile>;
}

export interface Site {
  /** By their paths below the site's folder, without a slash before them. */
  readonly files: ReadonlyMap<string, SiteFile>;
  readonly handle: FileHandle;
  /** Of all contents together. */
  readonly bytes: number;
}

/** What a request's path leads to. */
export type Found = { file: SiteFile } | { folder: string } | null;

const INDEX = "index.html";

/** @param path of a request, with or without a query, in the site */
export function findFile({ files }: Site, path: string): Found {
  const key = keyOf(path);
  if (key === null) return null;
  const isFolder = key === "" || key.endsWith("/");
  const file = files.get(isFolder ? key + INDEX : key);
  if (file !== undefined) return { file };
  // Links in a page are relative to its folder, which its address has to end with.
  return !isFolder && files.has(`${key}/${INDEX}`) ? { folder: `/${key.split("/").map(encodeURIComponent).join("/")}/` } : null;
}

/** The file that answers requests that lead nowhere. */
export function notFoundPage({ files }: Site): SiteFile | undefined {
  return files.get("404.html");
}

/** The path without its slash, decoded once; null if no file can have it. */
function keyOf(path: string): string | null {
  const end = path.search(/[?#]/);
  try {
    const key = decodeURIComponent(path.slice(1, end < 0 ? undefined : end));
    return key.split("/").some(isHidden) || key.includes("\0") ? null : key;
  } catch {
    return null; // The percent-encoding is none.
  }
}

/** Files whose names begin with a dot hold what is not for everybody. The exception is where the Web has its well-known places. */
export function isHidden(name: string): boolean {
  return name.startsWith(".") && name !== ".well-known";
}

/**
 * Whether the name has a hash of the contents as its last part before the extension, as bundlers write it: at least 8 hexadecimal digits, some of them letters
 * and some not; or 8 characters that have both a capital and a digit, or a capital behind a small letter twice. `app.3f2a9c1b.js`, `index-BgF3x9aQ.css` and
 * `chunk-5XKTLVBQ.js` have one; `holiday2024.jpg`, `report-20240101.pdf`, `my-Document.pdf` and `jquery-3.7.1.min.js` have none.
 */
export function isNamedByHash(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const part = /[.-]([\w-]{8,64})\.[A-Za-z0-9]+(?:\.map)?$/.exec(name)?.[1];
  if (part === undefined) return false;
  const hex = part.slice(part.lastIndexOf("-") + 1);
  if (/^(?=.*\d)(?=.*[a-f])[\da-f]{8,64}$/.test(hex)) return true;
  const isApart = part.length === HASH || part.at(-HASH - 1) === "-";
  const last = part.slice(-HASH);
  return isApart && ((/[A-Z]/.test(last) && /\d/.test(last)) || /[a-z][A-Z].*[a-z][A-Z]/.test(last));
}

/** Characters of the hashes of Vite, Rollup and esbuild. */
const HASH = 8;
