/**
 * Writes the recording that `mayfly serve --record` asks for: a header, then a line for each event with the commands that answered it. The
 * recording listens to the stream of platform events; without it, the events that it needs are not made.
 */
import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { MayflyError } from "../base/errors/error.ts";
import type { PackingOptions } from "../policy/packing.ts";
import type { PolicyCommand, PolicyEvent } from "../policy/policy.ts";
import type { EventStream } from "../telemetry/event-stream.ts";

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

/** Steps of the policy that may wait for the disk at most: some seconds of a busy host's. */
const MOST_WAITING = 200_000;
const PAUSE_MS = 50;

/** How every recording begins. */
const BEGINNING = '{"recording":"mayfly-policy"';

/**
 * Records every step of the policy from now on. Returns a function that ends the recording: it writes the remaining lines, and rejects if any step
 * is not in the file.
 *
 * @param file is overwritten if it is a recording. Rejects with "bad-config" if it is something else, or cannot be opened.
 */
export async function recordPolicy(events: EventStream, options: PackingOptions, file: string): Promise<() => Promise<void>> {
  const header: RecordingHeader = { recording: "mayfly-policy", version: 4, policy: "packing", options };
  const lines = new LineFile(await openRecording(file));
  await lines.append([header]);
  const stop = events.listenLater({
    name: "recording",
    types: ["policy-stepped"],
    most: MOST_WAITING,
    pauseMs: PAUSE_MS,
    async take(batch, lost) {
      await lines.append(batch.map(({ now, event, commands }) => ({ now, event, commands })));
      if (lost > 0)
        lines.fail(new Error(`the disk of ${file} is too slow: ${lost} steps of the policy are not recorded, nor is what followed`));
    },
  });
  return async () => {
    await stop();
    await lines.close();
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
  #failure: unknown;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** A recording with a gap is of no use: after a failure nothing more is written, and close() says why. */
  fail(error: unknown): void {
    this.#failure ??= error;
  }

  async append(records: readonly object[]): Promise<void> {
    if (this.#failure !== undefined) return;
    try {
      await this.#file.appendFile(records.map((record) => `${JSON.stringify(record)}\n`).join(""));
    } catch (error) {
      this.fail(error);
    }
  }

  /** Rejects with the first failure. */
  async close(): Promise<void> {
    await this.#file.close();
    if (this.#failure !== undefined) throw this.#failure;
  }
}
