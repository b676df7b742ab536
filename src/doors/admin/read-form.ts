/**
 * Reads a deploy's form piece by piece as it arrives. The platform's formData() parses all of it at once, which for 60 MiB takes seconds in
 * which no other call is handled.
 */
import type { Readable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { Busboy } from "@fastify/busboy";
import type { MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { guarded } from "../../base/errors/guarded.ts";

/** A part with a file name. */
export class FormFile {
  readonly name: string;
  readonly bytes: Uint8Array;

  constructor(name: string, bytes: Uint8Array) {
    this.name = name;
    this.bytes = bytes;
  }
}

/** The part of FormData that the check of the route's schema uses. */
interface Form {
  forEach(callback: (value: string | FormFile, key: string) => void): void;
}

/** Puts the parsed form where the check of the route's schema finds it. The body's size was checked before. */
export const readForm: MiddlewareHandler = async ({ req }, next) => {
  const type = req.header("content-type") ?? "";
  const { body } = req.raw;
  if (body !== null && /^multipart\/form-data\s*;/i.test(type)) req.bodyCache.formData = (await parsed(body, type)) as never;
  await next();
};

async function parsed(body: ReadableStream<Uint8Array>, type: string): Promise<Form> {
  try {
    return await parse(body, type);
  } catch (error) {
    throw new HTTPException(400, { message: `Malformed FormData request. ${String(error)}`, cause: error });
  }
}

async function parse(body: ReadableStream<Uint8Array>, type: string): Promise<Form> {
  const entries: [key: string, value: string | IncomingFile][] = [];
  const limits = { fieldSize: Infinity, fileSize: Infinity, fields: Infinity, files: Infinity, parts: Infinity };
  const parser = new Busboy({ headers: { "content-type": type }, limits });
  const give = (error: unknown) => void parser.destroy(error as Error);
  const ended: Promise<void>[] = [];
  const onField = (key: string, value: string) => void entries.push([key, value]);
  const onFile = (key: string, stream: Readable, name: string | undefined) => {
    const file: IncomingFile = { name: name ?? "", pieces: [] };
    entries.push([key, file]);
    const onData = (piece: Buffer) => void file.pieces.push(piece);
    stream.on("data", guarded(onData, give));
    ended.push(finished(stream));
    // This promise is awaited below, unless the parser fails first.
    ended.at(-1)!.catch(give);
  };
  parser.on("field", guarded(onField, give));
  parser.on("file", guarded(onFile, give));
  await pipeline(inTurns(body), parser);
  await Promise.all(ended);
  const form: [string, string | FormFile][] = [];
  for (const [key, value] of entries) form.push([key, typeof value === "string" ? value : await inOne(value)]);
  return { forEach: (callback) => form.forEach(([key, value]) => callback(value, key)) };
}

interface IncomingFile {
  name: string;
  pieces: Buffer[];
}

/** How many bytes are taken from the caller, or copied, in one turn of the event loop. */
const ONE_TURN = 524_288;

/** Without this, whatever the socket holds would be parsed in one turn: several megabytes. */
async function* inTurns(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let since = 0;
  for await (const piece of body) {
    yield piece;
    since += piece.byteLength;
    if (since < ONE_TURN) continue;
    since = 0;
    await nextTurn();
  }
}

async function inOne({ name, pieces }: IncomingFile): Promise<FormFile> {
  const bytes = Buffer.allocUnsafeSlow(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let [at, since] = [0, 0];
  for (const piece of pieces) {
    at += piece.copy(bytes, at);
    if (at - since < ONE_TURN) continue;
    since = at;
    await nextTurn();
  }
  return new FormFile(name, bytes);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
