/** Which replies the gateway may compress, and what compression changes in their headers. */

/** Shorter replies fit into one packet anyway. */
const LEAST_BYTES = 1_024;

/** Types of text. Pictures, films, fonts and archives are compressed already. Events must not wait for a compressor, so their type is none of these. */
const textTypes =
  /^(?:text\/(?!event-stream)[\w.+-]+|application\/(?:json|javascript|ecmascript|xml|wasm|graphql|manifest|rtf|x-javascript|x-ndjson|ld\+json|[\w.-]+\+(?:json|xml|text))|image\/(?:svg\+xml|bmp|x-icon|vnd\.microsoft\.icon)|font\/(?:ttf|otf)|application\/(?:vnd\.ms-fontobject|x-font-ttf))$/;

/** Headers that say that the body is compressed already, is a part, or is signed as it is. */
const forbidding = new Set(["content-encoding", "content-range", "content-digest", "repr-digest", "digest", "content-md5"]);

/**
 * Whether a client that accepts it might get the reply compressed. Caches have to know, even where this client gets it as it is.
 * @param headers name, value, name, value … @param length in bytes; -1 if it is not known yet
 */
export function isCompressible(status: number, headers: readonly string[], length: number): boolean {
  if (status < 200 || status === 204 || status === 206 || status === 304) return false;
  if (length !== -1 && length < LEAST_BYTES) return false;
  let isText = false;
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!.toLowerCase();
    if (forbidding.has(name)) return false;
    if (name === "cache-control" && /\bno-transform\b/i.test(headers[at + 1]!)) return false;
    if (name === "content-type") isText = isTextType(typeOf(headers[at + 1]!));
  }
  return isText;
}

/** gRPC compresses its messages by itself. */
function isTextType(type: string): boolean {
  return textTypes.test(type) && !type.startsWith("application/grpc");
}

function typeOf(contentType: string): string {
  return contentType.split(";", 1)[0]!.trim().toLowerCase();
}

/** Adds Accept-Encoding to Vary. */
export function varying(headers: readonly string[]): string[] {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === "vary");
  if (at < 0) return [...headers, "vary", "Accept-Encoding"];
  const names = headers[at + 1]!.toLowerCase().split(",");
  if (names.some((name) => ["*", "accept-encoding"].includes(name.trim()))) return [...headers];
  return headers.with(at + 1, `${headers[at + 1]}, Accept-Encoding`);
}

/** The headers of a compressed reply: its length is another, its parts cannot be asked for, and its tag stands for the same content only, not for the same bytes. */
export function compressedHeaders(headers: readonly string[], coding: string): string[] {
  const changed: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const [name, value] = [headers[at]!, headers[at + 1]!];
    const lower = name.toLowerCase();
    if (lower === "content-length" || lower === "accept-ranges") continue;
    changed.push(name, lower === "etag" && value.startsWith('"') ? `W/${value}` : value);
  }
  return [...changed, "content-encoding", coding];
}
