/**
 * Which hosts an app may have: those that its manifest lists, as far as the operator's settings allow them.
 *
 * 1. No app gets an address, localhost, the host that the gateway listens on, or the domain itself.
 * 2. Below the domain, an app has its own names, `<app>.<domain>` and everything below that, and no others.
 * 3. Every other host needs an entry `host=app` in the setting `hosts`. `*.shop.example=shop` covers all names below shop.example, `…=*`
 *    covers all apps.
 */
import { MayflyError } from "../../base/errors/error.ts";
import { isWithin, writtenHostName } from "./host-names.ts";

export interface HostClaimsOptions {
  /** The domain below which apps have hosts. */
  domain?: string | undefined;
  /** The name or address on which the gateway listens. */
  listenHost?: string | undefined;
  /** Entries of the setting `hosts`; each must satisfy isHostEntry(). */
  allowed?: readonly string[];
}

interface Entry {
  /** Whether the entry covers all names below the host instead of the host itself. */
  below: boolean;
  host: string;
  /** "*" means any app. */
  app: string;
}

/** Whether the text is an entry such as "www.shop.example=shop", "*.shop.example=shop" or "www.shop.example=*". */
export function isHostEntry(text: string): boolean {
  return entryOf(text) !== undefined;
}

/** Why an entry of the setting `hosts` can never give a host to an app; undefined if it can. */
export function uselessEntry(text: string, { domain, listenHost }: Pick<HostClaimsOptions, "domain" | "listenHost">): string | undefined {
  const entry = entryOf(text);
  if (entry === undefined) return undefined;
  const { host, below } = entry;
  if (isWithin(host, "localhost")) return "localhost and all names below it are the server's own";
  if (!below && host === (listenHost && writtenHostName(listenHost))) return "that is the host that the gateway listens on";
  const shared = domain && writtenHostName(domain);
  return shared && isWithin(host, shared) ? `below the domain each app has <app>.${shared} without an entry, and no other name` : undefined;
}

export class HostClaims {
  readonly domain: string | undefined;
  readonly #listenHost: string | undefined;
  readonly #entries: readonly Entry[];

  constructor({ domain, listenHost, allowed = [] }: HostClaimsOptions) {
    this.domain = domain === undefined ? undefined : writtenHostName(domain);
    this.#listenHost = listenHost === undefined ? undefined : writtenHostName(listenHost);
    this.#entries = allowed.flatMap((text) => entryOf(text) ?? []);
  }

  /** Returns the host in its normal form, or why the app may not have it. @param written the host as the manifest lists it */
  claim(app: string, written: string): string | MayflyError {
    const host = writtenHostName(written);
    if (host === undefined) return refused(app, written, "it is no host name");
    if (isWithin(host, "localhost") || host === this.#listenHost) return refused(app, written, "it is the server's own");
    if (this.domain !== undefined && isWithin(host, this.domain)) {
      return isWithin(host, `${app}.${this.domain}`.toLowerCase())
        ? host
        : refused(app, written, `of ${this.domain} it has ${app}.${this.domain} only`);
    }
    if (this.#entries.some((entry) => fits(entry, app, host))) return host;
    return refused(app, written, "no entry of the setting hosts gives it to the app");
  }
}

function refused(app: string, host: string, reason: string): MayflyError {
  return new MayflyError("host-not-allowed", { app, host: host.slice(0, 253), reason });
}

function fits(entry: Entry, app: string, host: string): boolean {
  if (entry.app !== "*" && entry.app !== app) return false;
  return entry.below ? host.endsWith(`.${entry.host}`) : host === entry.host;
}

function entryOf(text: string): Entry | undefined {
  const [, star, name = "", app = ""] = /^(\*\.)?([^=]+)=(\*|[\w-]{1,64})$/.exec(text.trim()) ?? [];
  const host = writtenHostName(name);
  return host === undefined ? undefined : { below: star !== undefined, host, app };
}
