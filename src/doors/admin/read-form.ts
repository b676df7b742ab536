/**
 * Reads a deploy's form piece by piece as it arrives, and counts it in the budget of all uploads. The platform's formData() parses all of it at
 * once, which for 60 MiB takes seconds in which no other call is handled.
 */
import type { EventEmitter } from "node:events";
import type { Readable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { Busboy, type BusboyConfig } from "@fastify/busboy";
import type { Context, MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { MayflyError } from "../../base/errors/error.ts";
import { guarded } from "../../base/errors/guarded.ts";
import { MANIFEST_BYTES, tooLargeManifest } from "../../store/catalog/parse-manifest.ts";
import { declaredBytes } from "./limit-body.ts";
import type { IncomingFiles, LargeDraft, Received } from "../../store/large-files/large-files.ts";
import { BODY_BYTES, type Upload, type UploadBudget } from "./upload-budget.ts";

/** A part with a file name. */
export class FormFile {
  readonly name: string;
  readonly bytes: Uint8Array;

  constructor(name: string, bytes: Uint8Array) {
    this.name = name;
    this.bytes = bytes;
  }
}

/** The part `files`, if the files are large: they are on the disk by now. */
export class LargeFormFile {
  readonly draft: LargeDraft;

  constructor(draft: LargeDraft) {
    this.draft = draft;
  }
}

type FormPart = string | FormFile | LargeFormFile;

/** The part of FormData that the check of the route's schema uses. */
interface Form {
  forEach(callback: (value: FormPart, key: string) => void): void;
}

/** A manifest has at most 1,000 functions, so that more parts are never right. Each part costs far more time than its bytes. */
const MOST_PARTS = 5_000;

const limits: BusboyConfig["limits"] = {
  parts: MOST_PARTS,
  files: MOST_PARTS,
  fields: MOST_PARTS,
  fieldSize: MANIFEST_BYTES,
  // Never reached: the bytes of the whole form are counted before they are parsed.
  fileSize: BODY_BYTES,
};

/**
 * Puts the parsed form where the check of the route's schema finds it. The upload counts in the budget until its request is answered. What it has written to
 * the disk, and the use case has not kept, is removed then.
 * @param receive takes the part `files`, as a share of whom it is given @param holderOf whose share a request's upload takes
 */
export function readForm<Env extends object>(
  budget: UploadBudget,
  receive: (holder: string) => IncomingFiles,
  holderOf: (context: Context<Env>) => string,
): MiddlewareHandler<Env> {
  return async (context, next) => {
    const { req } = context;
    const type = req.header("content-type") ?? "";
    const { body } = req.raw;
    if (body === null || !/^multipart\/form-data\s*;/i.test(type))
      throw new MayflyError("bad-request", { what: "the body must be a form of the type multipart/form-data, with its boundary" });
    const holder = holderOf(context);
    const upload = budget.begin(holder, declaredBytes(context));
    const files = new FilesPart(() => receive(holder), upload);
    try {
      req.bodyCache.formData = (await parsed(body, type, upload, files)) as never;
      await next();
    } finally {
      await files.discard();
      upload.end();
    }
  };
}

/** Reads the part `files`, of which a form has one at most. */
class FilesPart {
  readonly #receive: () => IncomingFiles;
  readonly #upload: Upload;
  #incoming: IncomingFiles | undefined;
  #stream: Readable | undefined;
  #received: Received | undefined;

  constructor(receive: () => IncomingFiles, upload: Upload) {
    this.#receive = receive;
    this.#upload = upload;
  }

  /** Resolves when all of it was taken. */
  async read(stream: Readable): Promise<FormPart> {
    if (this.#stream !== undefined) throw new MayflyError("bad-request", { what: "the form has the part files twice" });
    this.#stream = stream;
    const incoming = (this.#incoming = this.#receive());
    for await (const chunk of stream) this.#upload.written(await incoming.push(chunk as Buffer));
    const received = (this.#received = await incoming.end());
    return "draft" in received ? new LargeFormFile(received.draft) : new FormFile(FILES_PART, received.bundle);
  }

  async discard(): Promise<void> {
    this.#stream?.destroy();
    if (this.#received === undefined) await this.#incoming?.discard();
    else if ("draft" in this.#received) await this.#received.draft.discard();
  }
}

const FILES_PART = "files";

async function parsed(body: ReadableStream<Uint8Array>, type: string, upload: Upload, files: FilesPart): Promise<Form> {
  try {
    return await parse(body, type, upload, files);
  } catch (error) {
    if (error instanceof MayflyError) throw error;
    throw new HTTPException(400, { message: `Malformed FormData request. ${String(error)}`, cause: error });
  }
}

async function parse(body: ReadableStream<Uint8Array>, type: string, upload: Upload, files: FilesPart): Promise<Form> {
  const parser = new Busboy({ headers: { "content-type": type }, limits });
  const reader = body.getReader();
  const give = (error: unknown) => void parser.destroy(error as Error);
  // The pipeline ends only when its source does. So a read that waits for a caller who sends nothing more ends with the parser.
  parser.once(
    "error",
    guarded(() => reader.releaseLock(), give),
  );
  const read = entriesOf(parser, give, files);
  await pipeline(inTurns(reader, upload), parser);
  const form: [string, FormPart][] = [];
  for (const [key, value] of await read()) form.push([key, isIncoming(value) ? await inOne(value) : value]);
  return { forEach: (callback) => form.forEach(([key, value]) => callback(value, key)) };
}

type Entry = [key: string, value: FormPart | IncomingFile];

interface IncomingFile {
  name: string;
  pieces: Buffer[];
}

function isIncoming(value: FormPart | IncomingFile): value is IncomingFile {
  return typeof value !== "string" && "pieces" in value;
}

/** @param give ends the parser with an error @returns what gives all parts after the parser has finished */
function entriesOf(parser: InstanceType<typeof Busboy>, give: (error: unknown) => void, files: FilesPart): () => Promise<Entry[]> {
  const entries: Entry[] = [];
  const parts = countParts(parser);
  const ended: Promise<void>[] = [];
  const onField = (key: string, value: string, _isNameCut: boolean, isCut: boolean) => {
    // The manifest is the only text that a form has.
    if (isCut) throw tooLargeManifest("The part manifest", `has more than ${MANIFEST_BYTES} bytes`);
    entries.push([key, value]);
  };
  const onFiles = (stream: Readable) => {
    const reading = files.read(stream).then((part) => void entries.push([FILES_PART, part]));
    ended.push(reading);
    reading.catch(give);
  };
  const onFile = (key: string, stream: Readable, name: string | undefined) => {
    const file: IncomingFile = { name: name ?? "", pieces: [] };
    entries.push([key, file]);
    const onData = (piece: Buffer) => void file.pieces.push(piece);
    stream.on("data", guarded(onData, give));
    ended.push(finished(stream));
    // This promise is awaited by the returned function, unless the parser fails first.
    ended.at(-1)!.catch(give);
  };
  const onTooMany = () => give(new MayflyError("bad-request", { what: `the form has more than ${MOST_PARTS} parts` }));
  parser.on("field", guarded(onField, give));
  const onAnyFile = (key: string, stream: Readable, name: string | undefined) =>
    key === FILES_PART ? onFiles(stream) : onFile(key, stream, name);
  parser.on("file", guarded(onAnyFile, give));
  parser.once("partsLimit", guarded(onTooMany, give));
  return async () => {
    await Promise.all(ended);
    // The parser's types do not say that the name of a part may be missing.
    const named = entries.filter(([key]) => (key as string | undefined) !== undefined);
    if (named.length !== parts()) throw new MayflyError("bad-request", { what: "a part of the form has no header that names it" });
    return entries;
  };
}

/**
 * Returns how many parts have come so far. The parser tells nothing of parts that it skips because they have no content-disposition, so they are
 * counted at the splitter within it. Without that, a caller who forgets the header would get a success for what was never read.
 */
function countParts(parser: InstanceType<typeof Busboy>): () => number {
  const { parser: splitter } = (parser as unknown as { _parser: { parser: EventEmitter } })._parser;
  let parts = 0;
  splitter.on("part", () => void (parts += 1));
  return () => parts;
}

/** How many bytes are taken from the caller, or copied, in one turn of the event loop. */
const ONE_TURN = 524_288;

/**
 * Without turns, whatever the socket holds would be parsed at once: several megabytes. The body is not cancelled at the end, because that
 * would cut the caller's connection before the answer.
 */
async function* inTurns(reader: ReadableStreamDefaultReader<Uint8Array>, upload: Upload): AsyncGenerator<Uint8Array, void> {
  let since = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      upload.add(next.value.byteLength);
      yield next.value;
      since += next.value.byteLength;
      if (since < ONE_TURN) continue;
      since = 0;
      await nextTurn();
    }
  } finally {
    reader.releaseLock();
  }
}

/** Lets go of each piece when it is copied, so that a file is hardly ever in memory twice. */
async function inOne({ name, pieces }: IncomingFile): Promise<FormFile> {
  const bytes = Buffer.allocUnsafeSlow(pieces.reduce((sum, piece) => sum + piece.length, 0));
  const none = Buffer.alloc(0);
  let [at, since] = [0, 0];
  for (const [index, piece] of pieces.entries()) {
    at += piece.copy(bytes, at);
    pieces[index] = none;
    if (at - since < ONE_TURN) continue;
    since = at;
    await nextTurn();
  }
  return new FormFile(name, bytes);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
