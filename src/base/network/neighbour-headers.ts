/**
 * Names of HTTP headers, in lower case, that are between two neighbours only (RFC 9110, 7.6.1) or say where a request goes and where it ends. Who makes a request
 * anew writes them itself, and no app may choose them for it.
 */
export const neighbourHeaders: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
