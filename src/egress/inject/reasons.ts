/** Why a request was not made, or a connection failed, for the app's log and its code: clauses of bounded length, without the values of headers. */

/** In characters. A certificate may name thousands of servers, and those who made it choose the names. */
const MOST = 400;

/** Errors of a certificate are told as what they are. */
export function reasonOf(error: unknown): string {
  const { code } = error as { code?: string };
  // What follows is advice for those who start Node.
  const [message = ""] = messageOf(error).split(";");
  const isOfCertificate = code !== undefined && /CERT|SELF_SIGNED|ISSUER|LEAF_SIGNATURE|CRL/.test(code);
  if (isOfCertificate) return `the server's certificate is not one that this host trusts for it: ${clause(message)} (${code})`;
  return clause(message);
}

/** Of an error of the machine's TLS. OpenSSL's messages have more than the reason. */
export function tlsReasonOf(error: Error & { reason?: string }): string {
  return clause(error.reason ?? error.message);
}

/** Of an error of node:http's about what the machine sent. */
export function httpReasonOf(error: Error & { code?: string }): string {
  return error.code === "HPE_PAUSED_H2_UPGRADE" ? onlyHttp1 : `it is not HTTP as the host reads it: ${clause(error.message)}`;
}

export const onlyHttp1 = "it is HTTP/2, as gRPC is, and where the host adds a secret it speaks HTTP/1.1 alone";

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function clause(text: string): string {
  const whole = text.trim().replace(/\.$/, "");
  return whole.length > MOST ? `${whole.slice(0, MOST)}…` : whole;
}
