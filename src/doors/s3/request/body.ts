/** The bodies of requests: documents, which are read whole, and content, which is streamed and checked against what the head says of it. */
import { ALGORITHMS, type Algorithm, checksumBytes } from "../../../services/objects/checksums/checksum.ts";
import type { FinishedDigests } from "../../../services/objects/checksums/digests.ts";
import { createHash } from "node:crypto";
import type { S3Call } from "../call.ts";
import { S3Error } from "../s3-error.ts";
import { type Element, parseXml } from "../xml.ts";
import { dechunked } from "./aws-chunked.ts";
import type { Headers } from "../../signature/read-signature.ts";

/** The most bytes of an object that is sent whole, or of a part. */
export const MOST_PUT_BYTES = 5 * 2 ** 30;
/** Pieces of fewer bytes may be in memory that others use, too. */
const LEAST_LENT = 16_384;
const MOST_DOCUMENT_BYTES = 2 * 2 ** 20;

export interface ContentOfRequest {
  /** A piece is the reader's until it asks for the next one. */
  source: AsyncIterable<Uint8Array>;
  /** The checksum that the client sends; it is kept with the content. */
  algorithm: Algorithm | undefined;
  also: Algorithm[];
  /** Throws an S3Error if the content is not what the client says that it is. */
  check: (digests: FinishedDigests, size: number) => void;
}

type Call = Pick<S3Call, "headers" | "query" | "request" | "payload" | "seed">;

/** Throws an S3Error. */
export function contentOf({ headers, query, request, payload, seed }: Call): ContentOfRequest {
  const decoded = headers["x-amz-decoded-content-length"];
  const isNamed = headers["content-encoding"]?.split(",", 1)[0]!.trim() === "aws-chunked";
  // The coding alone, without the length of what it hides, is only kept out of what is stored, as on AWS.
  const isChunked = payload.startsWith("STREAMING-") || (isNamed && decoded !== undefined);
  const length = (isChunked ? decoded : undefined) ?? headers["content-length"];
  // Content whose length HTTP does not tell ends where its last chunk does.
  const isOpen = !isChunked && length === undefined && headers["transfer-encoding"]?.toLowerCase() === "chunked";
  if (!isOpen && (length === undefined || !/^\d{1,16}$/.test(length))) throw new S3Error("MissingContentLength");
  const size = isOpen ? undefined : Number(length);
  if (size !== undefined && size > MOST_PUT_BYTES)
    throw new S3Error("EntityTooLarge", { ProposedSize: size, MaxSizeAllowed: MOST_PUT_BYTES });
  const md5 = md5Of(headers);
  const trailers = new Map<string, string>();
  const hasTrailers = payload.endsWith("-TRAILER");
  const { algorithm, value } = checksumOf(headers, hasTrailers);
  const declared = /^[0-9a-f]{64}$/.test(payload) ? payload : undefined;
  const isSigned = payload.startsWith("STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
  if (isSigned && seed === undefined) throw new S3Error("InvalidRequest", {}, "Signed chunks need a request with Signature V4.");
  return {
    source: isChunked ? dechunked(request, { seed: isSigned ? seed : undefined, hasTrailers, size: size! }, trailers) : lent(request),
    algorithm,
    also: declared === undefined ? [] : ["SHA256"],
    check(digests, found) {
      if (size !== undefined && found !== size) throw new S3Error("IncompleteBody");
      if (declared !== undefined && digests.of("SHA256").toString("hex") !== declared)
        throw new S3Error("XAmzContentSHA256Mismatch", {
          ClientComputedContentSHA256: declared,
          S3ComputedContentSHA256: digests.of("SHA256").toString("hex"),
        });
      if (md5 !== undefined && !digests.md5.equals(md5))
        throw new S3Error("BadDigest", {
          // As AWS shows it: in base64 for a part, and in hexadecimal digits for an object.
          ExpectedDigest: md5.toString(query.has("uploadId") ? "base64" : "hex"),
          CalculatedDigest: digests.md5.toString("base64"),
        });
      if (algorithm === undefined) return;
      const wanted = value ?? trailers.get(`x-amz-checksum-${algorithm.toLowerCase()}`);
      if (wanted === undefined) throw new S3Error("MalformedTrailerError");
      if (digests.of(algorithm).toString("base64") !== checkedValue(algorithm, wanted))
        throw new S3Error("BadDigest", {}, `The ${algorithm} you specified did not match the calculated checksum.`);
    },
  };
}

/**
 * Frees the memory of each piece when the next one is asked for. V8 would collect the whole heap for each 30 MB of such pieces, because they are much memory behind few objects.
 */
async function* lent(request: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of request) {
    const { buffer, length } = piece;
    yield piece;
    // What is a part of some memory may not be the only one.
    if (length >= LEAST_LENT && length === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0);
  }
}

/** Reads the body whole. Throws an S3Error. */
export async function documentOf(call: Call, isMd5Needed = false): Promise<Buffer> {
  const { source, algorithm, check } = documentContent(call);
  if (isMd5Needed && call.headers["content-md5"] === undefined && algorithm === undefined)
    throw new S3Error("InvalidRequest", {}, "Missing required header for this request: Content-MD5");
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > MOST_DOCUMENT_BYTES) throw new S3Error("MalformedXML");
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  check(bytes);
  return bytes;
}

/** A document's length need not be said. */
function documentContent(call: Call): {
  source: AsyncIterable<Uint8Array>;
  algorithm: Algorithm | undefined;
  check: (bytes: Buffer) => void;
} {
  const { headers, payload } = call;
  if (payload.startsWith("STREAMING-")) {
    const content = contentOf(call);
    return { ...content, check: () => {} };
  }
  const md5 = md5Of(headers);
  const declared = /^[0-9a-f]{64}$/.test(payload) ? payload : undefined;
  const algorithm = ALGORITHMS.find((each) => headers[`x-amz-checksum-${each.toLowerCase()}`] !== undefined);
  return {
    source: call.request,
    algorithm,
    check(bytes) {
      if (declared !== undefined && createHash("sha256").update(bytes).digest("hex") !== declared)
        throw new S3Error("XAmzContentSHA256Mismatch");
      if (md5 !== undefined && !createHash("md5").update(bytes).digest().equals(md5)) throw new S3Error("BadDigest");
    },
  };
}

export async function xmlOf(call: Call, ...roots: string[]): Promise<Element> {
  return parseXml(await documentOf(call), ...roots);
}

function md5Of(headers: Headers): Buffer | undefined {
  const text = headers["content-md5"];
  if (text === undefined) return undefined;
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== 16) throw new S3Error("InvalidDigest", { "Content-MD5": text.slice(0, 100) });
  return bytes;
}

/** Which checksum comes with the content, and its value if that is in the head. */
function checksumOf(headers: Headers, hasTrailers: boolean): { algorithm: Algorithm | undefined; value: string | undefined } {
  const given = ALGORITHMS.filter((algorithm) => headers[`x-amz-checksum-${algorithm.toLowerCase()}`] !== undefined);
  if (given.length > 1)
    throw new S3Error("InvalidRequest", {}, "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
  const [algorithm] = given;
  const named = headers["x-amz-sdk-checksum-algorithm"]?.toUpperCase();
  if (named !== undefined && !ALGORITHMS.includes(named as Algorithm))
    throw new S3Error(
      "InvalidRequest",
      {},
      "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
    );
  if (algorithm !== undefined) {
    // Whatever x-amz-sdk-checksum-algorithm says, this is what was computed.
    const value = headers[`x-amz-checksum-${algorithm.toLowerCase()}`]!;
    return { algorithm, value: checkedValue(algorithm, value) };
  }
  const trailer = hasTrailers ? headers["x-amz-trailer"]?.toLowerCase().trim() : undefined;
  const promised = ALGORITHMS.find((each) => trailer === `x-amz-checksum-${each.toLowerCase()}`);
  if (trailer !== undefined && promised === undefined)
    throw new S3Error("InvalidRequest", {}, "The value specified in the x-amz-trailer header is not supported");
  return { algorithm: promised, value: undefined };
}

function checkedValue(algorithm: Algorithm, value: string): string {
  if (Buffer.from(value, "base64").length !== checksumBytes[algorithm])
    throw new S3Error("InvalidRequest", {}, `Value for x-amz-checksum-${algorithm.toLowerCase()} header is invalid.`);
  return value;
}
