/**
 * Which hosts an app may have: those that its manifest lists, as far as the operator's settings allow them.
 *
 * 1. No app gets an address, localhost, the host that the gateway listens on, or the domain itself.
 * 2. Below the domain, an app has its own names, `<app>.<domain>` and everything below that, and no others.
 * 3. Every other host needs an entry `host=app` in the setting `hosts`. `*.shop.example=shop` covers all names below shop.example, `…=*`
 *    covers all apps.
 */
import { MayflyError } from "../../base/errors/error.ts";
import { type HostEntry, hostEntryOf } from "../../base/network/host-entries.ts";
import { isWithin, writtenHostName } from "../../base/network/host-names.ts";

export interface HostClaimsOptions {
  /** The domain below which apps have hosts. */
  domain?: string | undefined;
  /** The name or address on which the gateway listens. */
  listenHost?: string | undefined;
  /** Entries of the setting `hosts`. */
  allowed?: readonly string[];
}

export class HostClaims {
  readonly domain: string | undefined;
  readonly #listenHost: string | undefined;
  readonly #entries: readonly HostEntry[];

  constructor({ domain, listenHost, allowed = [] }: HostClaimsOptions) {
    this.domain = domain === undefined ? undefined : writtenHostName(domain);
    this.#listenHost = listenHost === undefined ? undefined : writtenHostName(listenHost);
    this.#entries = allowed.flatMap((text) => hostEntryOf(text) ?? []);
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

function fits(entry: HostEntry, app: string, host: string): boolean {
  if (entry.app !== "*" && entry.app !== app) return false;
  return entry.below ? host.endsWith(`.${entry.host}`) : host === entry.host;
}
