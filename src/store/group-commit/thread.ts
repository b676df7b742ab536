/**
 * The thread of a group commit. While it waits for the disk, further operations gather at its port; it takes them all into its next transaction. So the disk's own speed
 * decides how many operations share one fsync.
 *
 * Where some operations are answered before the disk has them, it does without its event loop: it takes messages from its port itself, and sleeps until the other end has rung. A
 * message by an event takes each side 5 µs more, and three times as long until it is answered. Where each transaction waits for the disk, that is little beside the wait, and 32 callers
 * had a sixth less of a busy host's disk without events.
 */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { openToRead } from "../sqlite/open.ts";
import { asMayflyError } from "../../base/errors/error.ts";
import { type Answer, type Asked, readBatch } from "./batch.ts";
import type { Engine, Operations } from "./engine.ts";
import { Writer } from "./writer.ts";

export interface ThreadData {
  file: string;
  /** The URL of the engine's module. */
  module: string;
  /** Whether the operations only read. */
  readsOnly: boolean;
  /** One number that is counted up with each message to the thread, after it was posted. */
  bell: Int32Array;
}

/** Operations of one transaction. A long transaction keeps the answers of its first operations back. */
const MOST_AT_ONCE = 1_000;

/** What carries out operations that came together. */
interface Runner {
  run(batch: readonly Asked[]): void;
  close(): void;
}

const { file, module, readsOnly, bell } = workerData as ThreadData;
const port = parentPort!;
const runner = await open();
if (runner !== undefined) {
  port.postMessage("open");
  if (runner instanceof Writer && runner.rests) workAwake(runner);
  else workByEvents(runner);
} else {
  port.close();
}

/** Undefined if the file cannot be opened, which is told. */
async function open(): Promise<Runner | undefined> {
  try {
    const { engine } = (await import(module)) as { engine: Engine<Operations> };
    const tell = (answers: Answer[]) => port.postMessage(answers);
    return readsOnly ? reader(engine, tell) : new Writer(engine, file, tell, () => performance.now());
  } catch (error) {
    const { code, details } = asMayflyError(error);
    port.postMessage({ code, details });
    return undefined;
  }
}

/** Takes what has come. Returns whether it was told to close. */
function take(waiting: Asked[]): boolean {
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
    const message = next.message as Asked[] | "close";
    if (message === "close") return true;
    waiting.push(...message);
    if (waiting.length >= MOST_AT_ONCE) break;
  }
  return false;
}

/** Until it is told to close. What it throws ends this thread alone, which its owner tells of and starts again. */
function workAwake(writer: Writer): void {
  const waiting: Asked[] = [];
  for (let isClosing = false; ;) {
    const rings = Atomics.load(bell, 0);
    isClosing = take(waiting) || isClosing;
    if (waiting.length > 0) writer.run(waiting.splice(0, MOST_AT_ONCE));
    else if (isClosing) break;
    else Atomics.wait(bell, 0, rings, writer.rest());
  }
  writer.close();
  port.close();
}

function workByEvents(runner: Runner): void {
  const waiting: Asked[] = [];
  // oxlint-disable-next-line mayfly/guarded-listeners -- what it throws ends this thread alone, which its owner tells of and starts again
  port.on("message", (message: Asked[] | "close") => {
    let isClosing = message === "close";
    if (message !== "close") waiting.push(...message);
    while (waiting.length > 0) {
      isClosing = take(waiting) || isClosing;
      runner.run(waiting.splice(0, MOST_AT_ONCE));
    }
    if (!isClosing) return;
    runner.close();
    port.close();
  });
}

function reader(engine: Engine<Operations>, tell: (answers: Answer[]) => void): Runner {
  const db = openToRead(file);
  const operations = engine.operations(db);
  return { run: (batch) => readBatch(operations, file, batch, tell), close: () => db.close() };
}
