/**
 * The thread of a group commit. While it waits for the disk, further operations gather at its port; it takes them all into its next transaction. So the disk's own speed
 * decides how many operations share one fsync.
 *
 * It has no event loop: it takes messages from its port itself, and sleeps until the other end has rung. A message by an event takes each side 5 µs more, and three times as long until
 * it is answered.
 */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
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
  /** Called when nothing more has come: does what is due. Returns for how long nothing is, milliseconds. */
  rest(): number;
  close(): void;
}

const { file, module, readsOnly, bell } = workerData as ThreadData;
const port = parentPort!;
const runner = await open();
if (runner !== undefined) {
  port.postMessage("open");
  work(runner, port);
}
port.close();

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

/** Until it is told to close. What it throws ends this thread alone, which its owner tells of and starts again. */
function work(runner: Runner, port: MessagePort): void {
  const waiting: Asked[] = [];
  for (let isClosing = false; ;) {
    const rings = Atomics.load(bell, 0);
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      const message = next.message as Asked[] | "close";
      if (message === "close") isClosing = true;
      else waiting.push(...message);
      if (waiting.length >= MOST_AT_ONCE) break;
    }
    if (waiting.length > 0) runner.run(waiting.splice(0, MOST_AT_ONCE));
    else if (isClosing) return runner.close();
    else Atomics.wait(bell, 0, rings, runner.rest());
  }
}

function reader(engine: Engine<Operations>, tell: (answers: Answer[]) => void): Runner {
  const db = openToRead(file);
  const operations = engine.operations(db);
  return { run: (batch) => readBatch(operations, file, batch, tell), rest: () => Infinity, close: () => db.close() };
}
