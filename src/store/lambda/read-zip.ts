/**
 * Reads zip files of strangers. Names and sizes come from the central directory and are checked before anything is unpacked; yauzl refuses an entry that has
 * more or fewer bytes than the directory says. Its checksum is compared here, because yauzl does not.
 */
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import { type Entry, fromBuffer, type Options, type ZipFile } from "yauzl";
import { guarded } from "../../base/errors/guarded.ts";

export interface ZipEntry {
  /** Relative, with "/" between its parts. */
  path: string;
  bytes: number;
  executable: boolean;
  /** Gives the contents. Throws UnreadableZip. */
  read(): AsyncIterable<Buffer>;
}

export interface ZipLimits {
  files: number;
  /** Of all contents together. */
  bytes: number;
}

/** `reason`: whether it is no zip file, has a name that could leave its folder, or is too large once it is unpacked. */
export class UnreadableZip extends Error {
  readonly reason: "damaged" | "unsafe" | "too-large";

  constructor(reason: UnreadableZip["reason"], what: string, cause?: unknown) {
    super(what, { cause });
    this.name = "UnreadableZip";
    this.reason = reason;
  }
}

/** In the order of their paths, as code units compare. Of two entries of one path, the later one counts, as it does where both are unpacked. Rejects with UnreadableZip. */
export async function readZip(zip: Buffer, limits: ZipLimits): Promise<ZipEntry[]> {
  const file = await opened(zip);
  if (file.entryCount > limits.files * 2)
    throw new UnreadableZip("too-large", `it has ${file.entryCount} entries; ${limits.files} are possible`);
  const entries = new Map<string, ZipEntry>();
  for (const entry of await listed(file)) {
    const path = entry.fileName;
    if (path.endsWith("/")) continue;
    refuseUnsafe(entry);
    entries.set(path, { path, bytes: entry.uncompressedSize, executable: isExecutable(entry), read: () => contents(file, entry) });
  }
  const bytes = entries.values().reduce((sum, entry) => sum + entry.bytes, 0);
  if (bytes > limits.bytes) throw new UnreadableZip("too-large", `its files have ${bytes} bytes; ${limits.bytes} are possible`);
  if (entries.size > limits.files) throw new UnreadableZip("too-large", `it has ${entries.size} files; ${limits.files} are possible`);
  return [...entries.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

const openBuffer = promisify<Buffer, Options, ZipFile>(fromBuffer);

function opened(zip: Buffer): Promise<ZipFile> {
  return openBuffer(zip, { lazyEntries: true, validateEntrySizes: true, strictFileNames: true }).catch((error: unknown) => {
    throw damaged(error);
  });
}

function listed(file: ZipFile): Promise<Entry[]> {
  const { promise, resolve, reject } = Promise.withResolvers<Entry[]>();
  const entries: Entry[] = [];
  const onEntry = (entry: Entry) => {
    entries.push(entry);
    file.readEntry();
  };
  file.on("entry", guarded(onEntry, reject));
  file.on(
    "end",
    guarded(() => resolve(entries), reject),
  );
  file.on(
    "error",
    guarded(
      (error: Error) => reject(/file ?name|path/i.test(error.message) ? new UnreadableZip("unsafe", error.message, error) : damaged(error)),
      reject,
    ),
  );
  file.readEntry();
  return promise;
}

const UNIX = 3;
const TYPE = 0o170000;
const REGULAR = 0o100000;

/** A link could lead out of the folder, and an encrypted entry cannot be read. */
function refuseUnsafe(entry: Entry): void {
  const { fileName } = entry;
  const type = modeOf(entry) & TYPE;
  if (type !== 0 && type !== REGULAR) throw new UnreadableZip("unsafe", `${fileName} is neither a file nor a folder`);
  if (fileName.split("/").some((part) => part === "" || part === "." || part === "..") || fileName.includes("\0"))
    throw new UnreadableZip("unsafe", `${JSON.stringify(fileName)} is no path below the folder`);
  if ((entry.generalPurposeBitFlag & 1) !== 0) throw new UnreadableZip("damaged", `${fileName} is encrypted`);
}

/** Zero if the file was not made on Unix. */
function modeOf({ versionMadeBy, externalFileAttributes }: Entry): number {
  return versionMadeBy >>> 8 === UNIX ? externalFileAttributes >>> 16 : 0;
}

/** Other systems say nothing of it, and a program must be one. */
function isExecutable(entry: Entry): boolean {
  const mode = modeOf(entry);
  return mode === 0 ? entry.fileName === "bootstrap" : (mode & 0o111) !== 0;
}

async function* contents(file: ZipFile, entry: Entry): AsyncGenerator<Buffer, void> {
  const open = promisify<Entry, NodeJS.ReadableStream>((one, done) =>
    file.openReadStream(one, done as Parameters<ZipFile["openReadStream"]>[1]),
  );
  let sum = 0;
  try {
    for await (const chunk of (await open(entry)) as AsyncIterable<Buffer>) {
      sum = crc32(chunk, sum);
      yield chunk;
    }
  } catch (error) {
    throw damaged(error);
  }
  if (sum !== entry.crc32) throw new UnreadableZip("damaged", `${entry.fileName} is damaged: its bytes have another checksum`);
}

function damaged(error: unknown): UnreadableZip {
  return new UnreadableZip("damaged", error instanceof Error ? error.message : String(error), error);
}
