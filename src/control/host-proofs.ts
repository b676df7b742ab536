/**
 * Apps show that a host is theirs by a TXT record of DNS at `_mayfly.<host>`, which only whoever runs the host's domain can make: `mayfly=<tenant>/<app>`,
 * or `mayfly=<tenant>/*` for all apps of the tenant.
 *
 * 1. Only hosts are looked at that the setting `hosts` does not give to the app, and that are not the server's own.
 * 2. A proof stays until the app is removed, or until another app shows the host to be its own and the record does not name the first one any more.
 * 3. Few look-ups run at once, and none takes long.
 */
import { MayflyError } from "../base/errors/error.ts";
import type { Names } from "../store/catalog/catalog.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import type { ProvenHosts } from "../store/catalog/proven-hosts.ts";

/** How many hosts one deploy may show to be its own. */
const MOST_AT_ONCE = 20;
const PREFIX = "mayfly=";

/** The texts of the TXT records of a name; none if it has none. Rejects with an error whose message says why as a clause. */
export type LookUpTxt = (name: string) => Promise<string[]>;

export interface HostProofParts {
  names: Pick<Names, "appId" | "nameOf" | "tenantName">;
  proven: ProvenHosts;
  /** Those hosts of a manifest, in their normal form, that lack nothing but a proof. */
  unproven: (tenant: string, manifest: Manifest) => string[];
  /** Undefined: this server takes no proofs. */
  lookUp: LookUpTxt | undefined;
  /** Called with the id of an app that has lost a host. */
  lost: (app: string) => void;
}

export class HostProofs {
  readonly #parts: HostProofParts;

  constructor(parts: HostProofParts) {
    this.#parts = parts;
  }

  /** Stores a proof for each host of the manifest that needs one. Rejects with "host-not-allowed" if there is none, and with "disk-full". */
  async prove(tenant: string, manifest: Manifest): Promise<void> {
    const { lookUp, names, unproven } = this.#parts;
    if (lookUp === undefined) return;
    const hosts = unproven(tenant, manifest);
    if (hosts.length === 0) return;
    if (hosts.length > MOST_AT_ONCE)
      throw refusal(
        manifest,
        hosts[MOST_AT_ONCE]!,
        `one deploy may show at most ${MOST_AT_ONCE} hosts to be its own: list fewer, and the others in a later one`,
      );
    const wanted = this.#wanted(tenant, manifest.name);
    const records = await Promise.all(hosts.map((host) => this.#records(lookUp, manifest, host)));
    for (const [at, found] of records.entries())
      if (!wanted.some((text) => found.includes(text)))
        throw refusal(
          manifest,
          hosts[at]!,
          `no entry of the setting hosts gives it to the app, and _mayfly.${hosts[at]} has no TXT record ${wanted[0]}${othersInWords(found)}`,
        );
    const app = names.appId(tenant, manifest.name);
    for (const [at, host] of hosts.entries()) this.#take(app, host, records[at]!);
  }

  #take(app: string, host: string, records: string[]): void {
    const { proven, names, lost } = this.#parts;
    for (const other of proven.appsWith(host)) {
      const known = names.nameOf(other);
      if (other === app || (known !== undefined && this.#wanted(known.tenant, known.name).some((text) => records.includes(text)))) continue;
      proven.remove(other, host);
      lost(other);
    }
    proven.add(app, host);
  }

  #wanted(tenant: string, app: string): string[] {
    const name = this.#parts.names.tenantName(tenant) ?? tenant;
    return [`${PREFIX}${name}/${app}`, `${PREFIX}${name}/*`];
  }

  async #records(lookUp: LookUpTxt, manifest: Manifest, host: string): Promise<string[]> {
    try {
      return (await lookUp(`_mayfly.${host}`)).map((text) => text.trim());
    } catch (error) {
      throw refusal(
        manifest,
        host,
        `no entry of the setting hosts gives it to the app, and the TXT records of _mayfly.${host} cannot be looked up: ${(error as Error).message}`,
      );
    }
  }
}

/** A record for another app, or a mistyped one. DNS is public. */
function othersInWords(records: string[]): string {
  const others = records.filter((text) => text.startsWith(PREFIX));
  return others.length === 0 ? "" : `, but ${JSON.stringify(others[0]!.slice(0, 200))}`;
}

function refusal({ name }: Manifest, host: string, reason: string): MayflyError {
  return new MayflyError("host-not-allowed", { app: name, host: host.slice(0, 253), reason });
}
