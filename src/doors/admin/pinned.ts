/**
 * TLS to the server of this host. Its certificate is in a file that only its user can write, so exactly that certificate is trusted,
 * whether it is self-made or an authority's, and whatever names are in it: on this host the server is called under a loopback address.
 */
import { X509Certificate } from "node:crypto";
import type { AgentOptions } from "node:https";

/** The part of the file of the setting tls.cert that is kept: the first certificate, PEM. */
export function pinOf(chain: string): string {
  return new X509Certificate(chain).toString();
}

/** Options for connections to a server that must have exactly this certificate. */
export function pinnedTo(pin: string): AgentOptions {
  const { fingerprint256 } = new X509Certificate(pin);
  return {
    ca: pin,
    // The certificate itself ends the chain, whoever issued it.
    allowPartialTrustChain: true,
    checkServerIdentity: (_name, peer) =>
      peer.fingerprint256 === fingerprint256 ? undefined : new Error("its certificate is not that of the state folder's server"),
  };
}
