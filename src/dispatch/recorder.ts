/**
 * Writes the recording that `mayfly serve --record` asks for: a header, then a line for each event with the commands that answered it.
 * Lines are gathered in memory and written together. A policy that is not recorded is not wrapped, and so costs nothing more.
 */
import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { MayflyError } from "../base/errors/error.ts";
import type { PackingOptions } from "../policy/packing.ts";
import type { PolicyCommand, PolicyEvent } from "../policy/policy.ts";
import type { BoundPolicy } from "../policy/bind-policy.ts";

interface RecordingHeader {
  recording: "mayfly-policy";
  version: 4;
  policy: "packing";
  options: PackingOptions;
}

export interface RecordedStep {
  now: number;
  event: PolicyEvent;
  commands: PolicyCommand[];
}

export interface Recorder {
  policy: BoundPolicy;
  /** Writes the remaining lines. Rejects if any line could not be written. */
  close(): Promise<void>;
}

const BATCH_CHARACTERS = 65_536;
const FLUSH_MS = 200;

/** How every recording begins. */
const BEGINNING = '{"recording":"mayfly-policy"';

/** @param file is overwritten if it is a recording. Rejects with "bad-config" if it is something else, or cannot be opened. */
export async function recordPolicy(policy: BoundPolicy, options: PackingOptions, file: string): Promise<Recorder> {
  const lines = new LineFile(await openRecording(file));
  lines.append(JSON.stringify({ recording: "mayfly-policy", version: 4, policy: "packing", options } satisfies RecordingHeader));
  return {
    policy(event, now) {
      const commands = policy(event, now);
      lines.append(JSON.stringify({ now, event, commands } satisfies RecordedStep));
      return commands;
    },
    close: () => lines.close(),
  };
}

/** Opens the file for writing. Its name says little, so its content decides whether it may be overwritten. */
async function openRecording(file: string): Promise<FileHandle> {
  const unusable = (what: string, cause?: unknown) =>
    new MayflyError("bad-config", { key: "record", what: `names ${file}, ${what}` }, cause);
  let opened: FileHandle | undefined;
  try {
    opened = await open(file, constants.O_RDWR | constants.O_CREAT, 0o600);
    const stats = await opened.stat();
    // A pipe or a device has no content to lose.
    if (!stats.isFile()) return opened;
    if (stats.size === 0 || (await beginning(opened)) === BEGINNING) {
      await opened.truncate();
      return opened;
    }
  } catch (error) {
    await opened?.close();
    throw unusable(`which cannot be written: ${(error as Error).message}`, error);
  }
  await opened.close();
  throw unusable("which is not a recording of Mayfly's and would be overwritten; name a new file, or remove that one");
}

async function beginning(file: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(BEGINNING.length), 0, BEGINNING.length, 0);
  return buffer.toString("utf8", 0, bytesRead);
}

class LineFile {
  readonly #file: FileHandle;
  #text = "";
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  append(line: string): void {
    this.#text += `${line}\n`;
    if (this.#text.length >= BATCH_CHARACTERS) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
  }

  async close(): Promise<void> {
    this.#flush();
    await this.#writing;
    await this.#file.close();
    if (this.#failure !== undefined) throw this.#failure;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#text;
    this.#text = "";
    if (text !== "" && this.#failure === undefined) this.#writing = this.#write(text);
  }

  async #write(text: string): Promise<void> {
    await this.#writing;
    try {
      await this.#file.appendFile(text);
    } catch (error) {
      // A recording with a gap is of no use, so nothing more is written, and close() rejects with the reason.
      this.#failure ??= error;
    }
  }
}
