/**
 * TLS to the server of this host. Its certificate is written where only its user may write, so it is trusted as it is: made by oneself or by an
 * authority, and whatever names are in it, as the server is called by a loopback address here.
 */
import { X509Certificate } from "node:crypto";
import type { AgentOptions } from "node:https";

/** What is kept of the file of the setting tls.cert: the first certificate, and nothing else that may be there. PEM. */
export function pinOf(chain: string): string {
  return new X509Certificate(chain).toString();
}

/** For connections to a server that must have exactly this certificate. */
export function pinnedTo(pin: string): AgentOptions {
  const { fingerprint256 } = new X509Certificate(pin);
  return {
    ca: pin,
    // The certificate itself is the end of the chain, whoever issued it.
    allowPartialTrustChain: true,
    checkServerIdentity: (_name, peer) =>
      peer.fingerprint256 === fingerprint256 ? undefined : new Error("its certificate is another than that of the state folder's server"),
  };
}
