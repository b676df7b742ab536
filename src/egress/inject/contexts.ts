import { constants } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import type { CertificateSource } from "./injection.ts";

type Pair = Awaited<ReturnType<CertificateSource["certificateOf"]>>;

/** One handshake a connection: of TLS 1.2, a machine could ask for any number, which no place counts (places.ts). */
const secureOptions = constants.SSL_OP_NO_RENEGOTIATION;

/** What TLS takes from the host for both its sides, made once: reading all authorities or a key again for each connection takes milliseconds. */
export class Contexts {
  readonly #certificates: CertificateSource;
  readonly #ofPairs = new WeakMap<Pair, SecureContext>();
  #toServers: SecureContext | undefined;

  constructor(certificates: CertificateSource) {
    this.#certificates = certificates;
  }

  /** For connections to servers: it trusts the host's authorities. */
  get toServers(): SecureContext {
    return (this.#toServers ??= createSecureContext({ minVersion: "TLSv1.2" }));
  }

  /** For connections of machines to the name. Rejects with the source's error. */
  async toMachines(name: string): Promise<SecureContext> {
    const pair = await this.#certificates.certificateOf(name);
    const known = this.#ofPairs.get(pair) ?? createSecureContext({ ...pair, minVersion: "TLSv1.2", secureOptions });
    this.#ofPairs.set(pair, known);
    return known;
  }
}
