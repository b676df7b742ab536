/** Answers a request with a file of a site. What a slow client has not taken is not read from the disk. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { FileHandle } from "node:fs/promises";
import { acceptedCoding, type Coding } from "../compression/accepted-coding.ts";
import { compressedHeaders, isCompressible, varying } from "../compression/compressible.ts";
import type { Compression } from "../compression/compression.ts";
import { guarded } from "../../../base/errors/guarded.ts";
import { judge } from "./conditions.ts";
import type { Site, SiteFile } from "./site.ts";

export interface Sending {
  request: IncomingMessage;
  response: ServerResponse;
  /** Undefined: the app has switched it off. */
  compression: Compression | undefined;
  /** Whether the reply ends its connection. */
  closing: boolean;
  /** Headers that every reply gets, from the gate. */
  more: readonly string[];
  /** Whether only some may have the file, so that no cache may give it to others. */
  isPrivate: boolean;
}

const PIECE_BYTES = 65_536;
const FOR_EVER = "max-age=31536000, immutable";
const ASK_EACH_TIME = "max-age=0, must-revalidate";

/** What a reply says of caches. */
export function cacheControl({ isPrivate }: Pick<Sending, "isPrivate">, isForEver: boolean): string {
  return `${isPrivate ? "private" : "public"}, ${isForEver ? FOR_EVER : ASK_EACH_TIME}`;
}

/** @param status 404 for the page that says that there is none; conditions and ranges do not matter then @param more headers */
export function sendFile(sending: Sending, site: Site, file: SiteFile, status: 200 | 404 = 200, more: readonly string[] = []): void {
  const { request, closing } = sending;
  const { headers: asked } = request;
  const wanted = status === 200 && asked.range === undefined ? acceptedCoding(asked["accept-encoding"]) : undefined;
  const ready = readyFor(asked["accept-encoding"], wanted, file);
  const { coding, chosen } = ready ?? { coding: undefined, chosen: file };
  const conditions = {
    ifNoneMatch: asked["if-none-match"],
    ifMatch: asked["if-match"],
    ifRange: asked["if-range"] as string | undefined,
    range: asked.range,
  };
  const verdict = status === 404 ? ({ status } as const) : judge(conditions, chosen.etag, chosen.bytes);
  let headers = [
    "content-type",
    file.type,
    "cache-control",
    cacheControl(sending, file.isImmutable && status === 200),
    "etag",
    chosen.etag,
    ...sending.more,
  ];
  headers.push("x-content-type-options", "nosniff", "accept-ranges", "bytes", ...more);
  if (closing) headers.push("connection", "close");
  const mayCompress = sending.compression !== undefined && isCompressible(200, headers, file.bytes);
  if (mayCompress || file.compressed.size > 0) headers = varying(headers);
  if (coding !== undefined) headers.push("content-encoding", coding);
  const onTheWay = ready === undefined && mayCompress && sending.compression?.hasRoom === true ? wanted : undefined;
  // A reply to HEAD, and one that says that the file has not changed, have the tag that one to GET has.
  if (onTheWay !== undefined) headers = compressedHeaders(headers, onTheWay);
  if (verdict.status === 304 || verdict.status === 412)
    return end(sending, verdict.status, verdict.status === 304 ? withoutContent(headers) : ["content-length", "0", ...sending.more]);
  if (verdict.status === 416)
    return end(sending, 416, ["content-range", `bytes */${chosen.bytes}`, "content-length", "0", ...sending.more]);
  if (verdict.status === 206) {
    const { first, last } = verdict;
    const part = ["content-range", `bytes ${first}-${last}/${chosen.bytes}`, "content-length", String(last - first + 1)];
    return send(sending, 206, [...headers, ...part], site.handle, chosen.at + first, last - first + 1);
  }
  if (onTheWay !== undefined) return compress(sending, verdict.status, headers, site.handle, file, onTheWay);
  send(sending, verdict.status, [...headers, "content-length", String(chosen.bytes)], site.handle, chosen.at, chosen.bytes);
}

/** A file that was compressed when the app was built, in the coding that the client wants most among those that there are. */
function readyFor(
  header: string | undefined,
  wanted: Coding | undefined,
  { compressed }: SiteFile,
): { coding: Coding; chosen: SiteFile } | undefined {
  if (wanted === undefined || compressed.size === 0) return undefined;
  for (const coding of [wanted, ...compressed.keys()]) {
    const chosen = compressed.get(coding);
    if (chosen !== undefined && (coding === wanted || accepts(header!, coding))) return { coding, chosen };
  }
  return undefined;
}

function accepts(header: string, coding: Coding): boolean {
  const names = header.split(",").filter((item) => item.trim().toLowerCase().startsWith(coding));
  return acceptedCoding(names.join(",")) === coding;
}

/** Without what tells of a body that is not sent. */
function withoutContent(headers: string[]): string[] {
  return headers.flatMap((name, at) =>
    at % 2 === 1 || ["content-type", "content-encoding"].includes(name) ? [] : [name, headers[at + 1]!],
  );
}

function end({ response }: Sending, status: number, headers: string[]): void {
  response.writeHead(status, headers);
  response.end();
}

function send({ request, response }: Sending, status: number, headers: string[], handle: FileHandle, at: number, bytes: number): void {
  response.writeHead(status, headers);
  if (request.method === "HEAD" || bytes === 0) return void response.end();
  const failed = () => void response.destroy();
  readPieces(handle, at, bytes, (piece) => written(response, piece)).then(() => response.end(), failed);
}

function compress(sending: Sending, status: number, headers: string[], handle: FileHandle, { at, bytes }: SiteFile, coding: Coding): void {
  const { request, response, compression } = sending;
  const failed = () => void response.destroy();
  response.writeHead(status, headers);
  if (request.method === "HEAD") return void response.end();
  const compressor = compression!.stream(coding, (piece, taken) => void response.write(piece, taken), failed);
  response.once(
    "close",
    guarded(() => compressor.close(), failed),
  );
  const pass = (piece: Buffer) => new Promise<void>((resolve) => compressor.write(piece, resolve));
  readPieces(handle, at, bytes, pass).then(() => compressor.end(() => void response.end()), failed);
}

/** Reads the next piece when the one before it is gone. Rejects if the file has less than it should. */
async function readPieces(handle: FileHandle, at: number, bytes: number, pass: (piece: Buffer) => Promise<void>): Promise<void> {
  for (let done = 0; done < bytes;) {
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, bytes - done));
    const { bytesRead } = await handle.read(piece, 0, piece.length, at + done);
    if (bytesRead === 0) throw new Error("the site's file is shorter than it was");
    done += bytesRead;
    await pass(piece.subarray(0, bytesRead));
  }
}

function written(response: ServerResponse, piece: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    response.write(piece, (error) => (error === null || error === undefined ? resolve() : reject(error)));
  });
}
