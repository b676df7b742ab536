/**
 * Which hosts an app may have: what its manifest lists, as far as the operator's settings allow.
 *
 * 1. Nobody gets an address, localhost, the host that the gateway listens on, or the domain.
 * 2. Below the domain an app has its own names, `<app>.<domain>` and what is below that, and no others.
 * 3. Every other host needs an entry `host=app` of the setting `hosts`; `*.shop.example=shop` is for all names below, `…=*` for all apps.
 */
import { MayflyError } from "../../base/errors/error.ts";
import { isWithin, writtenHostName } from "./host-names.ts";

export interface HostClaimsOptions {
  /** The shared part of routed hosts. */
  domain?: string | undefined;
  /** Where the gateway listens: a name or an address. */
  listenHost?: string | undefined;
  /** Each as isHostEntry() takes it. */
  allowed?: readonly string[];
}

interface Entry {
  /** All names below it, too. */
  below: boolean;
  host: string;
  /** "*": any. */
  app: string;
}

/** "www.shop.example=shop", "*.shop.example=shop", "www.shop.example=*". */
export function isHostEntry(text: string): boolean {
  return entryOf(text) !== undefined;
}

/** Why an entry of the setting can never give a host to an app; undefined where it can. */
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

  /** The host in its one form, or why the app may not have it. @param written as the manifest has it */
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
