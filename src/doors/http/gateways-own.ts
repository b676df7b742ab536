/**
 * The headers that say where a request came from, in every spelling that programs read, and where it was led. The gateway sets some of them; a client's own
 * values never reach a function, as a client would choose the address that its requests are counted or let in by. Behind a trusted proxy, X-Forwarded-For has
 * what the others say.
 */

const names = [
  "host",
  "expect",
  "forwarded",
  "forwarded-for",
  "x-forwarded",
  "x-forwarded-by",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-prefix",
  "x-forwarded-proto",
  "x-forwarded-protocol",
  "x-forwarded-scheme",
  "x-forwarded-server",
  "x-forwarded-ssl",
  "x-original-forwarded-for",
  "x-original-host",
  "x-scheme",
  "x-url-scheme",
  "x-mayfly-route",
  "x-mayfly-parameters",
  "front-end-https",
  // A client's address by its own name, as proxies and content networks write it.
  "client-ip",
  "x-client-ip",
  "x-clientip",
  "x-cluster-client-ip",
  "x-real-ip",
  "x-remote-addr",
  "x-remote-ip",
  "x-originating-ip",
  "x-proxyuser-ip",
  "proxy-client-ip",
  "wl-proxy-client-ip",
  "true-client-ip",
  "ali-cdn-real-ip",
  "cdn-src-ip",
  "cf-connecting-ip",
  "cf-connecting-ipv6",
  "cf-pseudo-ipv4",
  "cloudfront-viewer-address",
  "do-connecting-ip",
  "fastly-client-ip",
  "fly-client-ip",
  "incap-client-ip",
  "x-appengine-remote-addr",
  "x-appengine-user-ip",
  "appengine-user-ip",
  "x-azure-clientip",
  "x-azure-socketip",
  "x-envoy-external-address",
  "x-nf-client-connection-ip",
  "x-sucuri-clientip",
  "x-vercel-forwarded-for",
];

const all = new Set(names);

/** Bit n of entry m is set if a name of n characters begins with the letter m. Most headers need no further look. */
const lengths = new Uint32Array(32);
for (const name of names) lengths[letter(name)]! |= 1 << name.length;

/** @param name as the client wrote it. Programs that read headers as variables, as CGI does, take `_` and `-` for the same */
export function isGatewaysOwn(name: string): boolean {
  if (name.length > 31 || ((lengths[letter(name)]! >>> name.length) & 1) === 0) return false;
  return all.has(name.toLowerCase().replaceAll("_", "-"));
}

/** The first letter in either case, as a number below 32. */
function letter(name: string): number {
  return name.charCodeAt(0) & 31;
}
