/**
 * The sites that the gateway serves: the static files of apps' revisions, each read out of the store at its first request.
 *
 * Owns: the files of the cache folder that they are served from.
 * 1. At most MOST_SITES and MOST_BYTES are open. The one that was asked for least recently is closed for another; it is read again when it is asked for.
 * 2. A site is closed when nobody is being served from it any more.
 * 3. At most READS_AT_ONCE sites are read out of the store at a time; requests for others wait in turn.
 */
import { mkdirSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { guarded } from "../../../base/errors/guarded.ts";
import { MayflyError } from "../../../base/errors/error.ts";
import type { StoredCode } from "../../../store/catalog/catalog.ts";
import type { Compression } from "../compression/compression.ts";
import { refuse } from "../refuse.ts";
import type { Route } from "../place.ts";
import { openSite } from "./open-site.ts";
import { cacheControl, sendFile, type Sending } from "./send-file.ts";
import { findFile, notFoundPage, type Site, type SiteFile } from "./site.ts";

const MOST_SITES = 64;
const MOST_BYTES = 4 * 2 ** 30;
const READS_AT_ONCE = 2;

export interface SitesOptions {
  /** Throws "no-such-version". */
  code: (revision: string) => StoredCode;
  /** A folder of its own in the cache folder. What is in it is removed. */
  folder: string;
  /** Called if a site cannot be read. */
  complain?: (error: unknown) => void;
}

export interface SiteOutcomes {
  /** Called if there is a file. It calls `send` if the client may have it. @param send takes the headers that the reply gets, if they are others than those of the request */
  found: (send: (reply?: readonly string[]) => void) => void;
  /** Called if there is none, and a function may answer. */
  otherwise: () => void;
}

interface Opened {
  site: Promise<Site>;
  /** How many requests are being answered from it. */
  readers: number;
  isDropped: boolean;
}

export class Sites {
  readonly #options: SitesOptions;
  /** By revision and folder. The site that was asked for least recently comes first. */
  readonly #sites = new Map<string, Opened>();
  readonly #waiting: (() => void)[] = [];
  #reading = 0;
  #made = 0;

  constructor(options: SitesOptions) {
    this.#options = options;
    rmSync(options.folder, { recursive: true, force: true });
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  }

  /** Answers with a file, if the route's site has one for the path. @param path in the site, with the query @param compression undefined if the app has switched it off */
  answer(
    route: Route,
    path: string,
    sending: Omit<Sending, "compression">,
    compression: Compression | undefined,
    outcomes: SiteOutcomes,
  ): void {
    const { request, response, more } = sending;
    const failed = (error: unknown) => {
      this.#options.complain?.(error);
      refuse(response, new MayflyError("internal", { what: "the app's files cannot be read" }), undefined, true, more);
    };
    const opened = this.#open(route);
    opened.readers += 1;
    response.once(
      "close",
      guarded(
        () => this.#leave(opened),
        () => undefined,
      ),
    );
    opened.site
      .then((site) => response.destroyed || answerFrom(site, route, path, { ...sending, compression }, outcomes))
      .catch((error: unknown) => (response.headersSent || response.destroyed ? request.socket.destroy() : failed(error)));
  }

  #open({ files }: Route): Opened {
    const { revision, folder } = files!;
    const key = `${revision} ${folder}`;
    const known = this.#sites.get(key);
    this.#sites.delete(key);
    const opened: Opened = known ?? { site: this.#read(revision, folder), readers: 0, isDropped: false };
    this.#sites.set(key, opened);
    if (known === undefined) {
      // One that cannot be read is read again at the next request.
      opened.site.then(
        () => void this.#makeRoom(),
        () => this.#sites.get(key) === opened && this.#sites.delete(key),
      );
    }
    return opened;
  }

  async #read(revision: string, folder: string): Promise<Site> {
    if (this.#reading >= READS_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#reading += 1;
    try {
      return await openSite(this.#options.code(revision), folder, join(this.#options.folder, String((this.#made += 1))));
    } finally {
      this.#reading -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #makeRoom(): Promise<void> {
    let bytes = 0;
    let count = 0;
    for (const [key, opened] of [...this.#sites].toReversed()) {
      bytes += (await opened.site.catch(() => ({ bytes: 0 }))).bytes;
      count += 1;
      if (count === 1 || (bytes <= MOST_BYTES && count <= MOST_SITES)) continue;
      this.#sites.delete(key);
      opened.isDropped = true;
      this.#closeIfUnused(opened);
    }
  }

  #leave(opened: Opened): void {
    opened.readers -= 1;
    this.#closeIfUnused(opened);
  }

  #closeIfUnused(opened: Opened): void {
    if (!opened.isDropped || opened.readers > 0) return;
    opened.isDropped = false;
    opened.site.then(({ handle }) => handle.close()).catch(() => undefined);
  }

  /** Called when nobody is served any more. */
  async close(): Promise<void> {
    const all = [...this.#sites.values()];
    this.#sites.clear();
    for (const { site } of all) await site.then(({ handle }) => handle.close()).catch(() => undefined);
  }
}

function answerFrom(site: Site, route: Route, path: string, sending: Sending, { found: onFound, otherwise }: SiteOutcomes): void {
  const found = findFile(site, path);
  const fallback = found === null ? fallbackFor(site, route, sending.request) : undefined;
  if (found !== null || fallback !== undefined)
    return onFound((reply = sending.more) => {
      if (sending.response.destroyed) return;
      const allowed = { ...sending, more: reply };
      if (found === null) sendFallback(allowed, site, fallback!);
      else if (isWithoutSlash(sending.request, route)) redirect(allowed, `${route.prefix}/${queryOf(sending.request.url!)}`);
      else if ("file" in found) sendFile(allowed, site, found.file);
      else redirect(allowed, `${route.prefix}${found.folder}${queryOf(path)}`);
    });
  if (route.function !== "") return otherwise();
  const page = notFoundPage(site);
  if (page !== undefined) return sendFile(sending, site, page, 404);
  const error = new MayflyError("no-such-route", { path: path.split("?", 1)[0]!.slice(0, 100) });
  refuse(sending.response, error, undefined, sending.closing, sending.more);
}

/** The page of an app whose own script reads the addresses. Browsers that open an address ask for HTML; scripts, pictures and programs that miss a file do not. */
function fallbackFor(site: Site, { files, byPath }: Route, { headers }: IncomingMessage): SiteFile | undefined {
  const isTaken = byPath !== undefined;
  if (files?.fallback === undefined || isTaken || headers.accept?.toLowerCase().includes("text/html") !== true) return undefined;
  return site.files.get(files.fallback);
}

/** Whether the address is the site's own without the slash at its end, as in `/shop`: the page's relative links would lead beside the site. */
function isWithoutSlash({ url = "" }: IncomingMessage, { prefix }: Route): boolean {
  return prefix !== "" && url.startsWith(prefix) && (url.length === prefix.length || url[prefix.length] === "?");
}

/** Who does not ask for a page gets another reply at the same address. */
function sendFallback(sending: Sending, site: Site, fallback: SiteFile): void {
  sendFile(sending, site, { ...fallback, isImmutable: false }, 200, ["vary", "Accept"]);
}

function redirect(sending: Sending, location: string): void {
  const { response, closing, more } = sending;
  const headers = ["location", location, "content-length", "0", "cache-control", cacheControl(sending, false), ...more];
  if (closing) headers.push("connection", "close");
  response.writeHead(308, headers);
  response.end();
}

function queryOf(path: string): string {
  const at = path.indexOf("?");
  return at < 0 ? "" : path.slice(at);
}
