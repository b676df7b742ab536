/**
 * Which hosts an app may have: those that its manifest lists, as far as the operator's settings allow them.
 *
 * 1. No app gets an address, localhost, a host that the gateway or the management API listens on, or the domain itself.
 * 2. Below the domain, an app of `main` may have `<app>.<domain>` and everything below that, but for `<function>.<app>.<tenant>.<domain>` where there is
 *    a tenant of that name. An app of another tenant may have `<app>.<tenant>.<domain>` and everything below that.
 * 3. Every other host needs an entry `host=app` in the setting `hosts`. `*.shop.example=shop` covers all names below shop.example, `…=*` covers all apps
 *    of `main`, `…=@tenant/app` and `…=@tenant/*` cover those of another tenant.
 * 4. Without an entry, an app has a host that was proven to be its own (src/control/host-proofs.ts), but none that the server's own certificate names.
 */
import { MayflyError } from "../../base/errors/error.ts";
import { type HostEntry, hostEntryOf } from "../../base/network/host-entries.ts";
import { isWithin, writtenHostName } from "../../base/network/host-names.ts";

export interface HostClaimsOptions {
  /** The domain below which apps have hosts. */
  domain?: string | undefined;
  /** The names or addresses on which the server listens. */
  listenHosts?: readonly string[];
  /** Names in the server's own certificate, perhaps with `*.` before them. */
  certified?: readonly string[];
  /** Entries of the setting `hosts`. */
  allowed?: readonly string[];
  /** Whether the host, in its normal form, was proven to be the app's. Ids and names. Default: none was. */
  isProven?: (tenant: string, app: string, host: string) => boolean;
  /** Whether a tenant other than `main` has this name, whatever its capitals. Default: no. */
  isTenant?: (label: string) => boolean;
}

/** An app as it is called from outside. */
export interface AppName {
  /** The tenant's id. */
  id: string;
  /** Null for `main`. */
  tenant: string | null;
  app: string;
}

export class HostClaims {
  readonly domain: string | undefined;
  readonly #listenHosts: readonly (string | undefined)[];
  readonly #certified: readonly string[];
  readonly #isProven: NonNullable<HostClaimsOptions["isProven"]>;
  readonly #entries: readonly HostEntry[];
  readonly #isTenant: (label: string) => boolean;

  constructor({
    domain,
    listenHosts = [],
    certified = [],
    allowed = [],
    isProven = () => false,
    isTenant = () => false,
  }: HostClaimsOptions) {
    this.domain = domain === undefined ? undefined : writtenHostName(domain);
    this.#listenHosts = listenHosts.map(writtenHostName);
    this.#certified = certified.map((name) => name.toLowerCase());
    this.#isProven = isProven;
    this.#entries = allowed.flatMap((text) => hostEntryOf(text) ?? []);
    this.#isTenant = isTenant;
  }

  /** Returns the host in its normal form, or why the app may not have it. @param written the host as the manifest lists it */
  claim(owner: AppName, written: string, isProven = this.#isProven): string | MayflyError {
    const host = writtenHostName(written);
    if (host === undefined) return refused(owner, written, "it is not a host name");
    if (isWithin(host, "localhost") || this.#listenHosts.includes(host)) return refused(owner, written, "it is the server's own");
    if (this.domain !== undefined && isWithin(host, this.domain)) return this.#belowDomain(owner, written, host, this.domain);
    if (this.#entries.some((entry) => fits(entry, owner, host))) return host;
    if (this.#isCertified(host))
      return refused(owner, written, "it is in the server's own certificate, and no entry of the setting hosts gives it to the app");
    return isProven(owner.id, owner.app, host)
      ? host
      : refused(owner, written, "no entry of the setting hosts gives it to the app, and it was not shown to be the app's");
  }

  /** The host in its normal form if the app lacks nothing but a proof for it. */
  lackingProof(owner: AppName, written: string): string | undefined {
    let lacking: string | undefined;
    this.claim(owner, written, (tenant, app, host) => {
      if (!this.#isProven(tenant, app, host)) lacking = host;
      return false;
    });
    return lacking;
  }

  #isCertified(host: string): boolean {
    const beside = `*${host.slice(Math.max(0, host.indexOf(".")))}`;
    return this.#certified.some((name) => name === host || name === beside);
  }

  #belowDomain(owner: AppName, written: string, host: string, domain: string): string | MayflyError {
    const own = owner.tenant === null ? `${owner.app}.${domain}` : `${owner.app}.${owner.tenant}.${domain}`;
    if (!isWithin(host, own.toLowerCase())) return refused(owner, written, `of ${domain} it has ${own} only`);
    const labels = host.slice(0, -domain.length - 1).split(".");
    if (owner.tenant !== null || labels.length !== 3 || !this.#isTenant(labels[2]!)) return host;
    return refused(owner, written, `it is the host of a function of tenant ${labels[2]}`);
  }
}

function refused({ app }: AppName, host: string, reason: string): MayflyError {
  return new MayflyError("host-not-allowed", { app, host: host.slice(0, 253), reason });
}

function fits(entry: HostEntry, owner: AppName, host: string): boolean {
  if (entry.tenant !== owner.tenant || (entry.app !== "*" && entry.app !== owner.app)) return false;
  return entry.below ? host.endsWith(`.${entry.host}`) : host === entry.host;
}
