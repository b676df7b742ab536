/**
 * The thread of a group commit. While it waits for the disk, further operations gather at its port; it takes them all into its next transaction. So the disk's own speed
 * decides how many operations share one fsync.
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
}

/** Operations of one transaction. A long transaction keeps the answers of its first operations back. */
const MOST_AT_ONCE = 1_000;

const { file, module, readsOnly } = workerData as ThreadData;
const port = parentPort!;

/** What carries out operations that came together. */
interface Runner {
  run(batch: readonly Asked[]): void;
  close(): void;
}

try {
  const { engine } = (await import(module)) as { engine: Engine<Operations> };
  const tell = (answers: Answer[]) => port.postMessage(answers);
  const runner = readsOnly ? reader(engine, tell) : new Writer(engine, file, tell);
  const waiting: Asked[] = [];
  // oxlint-disable-next-line mayfly/guarded-listeners -- what it throws ends this thread alone, which its owner tells of and starts again
  port.on("message", (message: Asked[] | "close") => {
    let isClosing = take(message);
    while (waiting.length > 0) {
      for (let more = receiveMessageOnPort(port); more !== undefined; more = receiveMessageOnPort(port)) {
        isClosing = take(more.message as Asked[] | "close") || isClosing;
        if (waiting.length >= MOST_AT_ONCE) break;
      }
      runner.run(waiting.splice(0, MOST_AT_ONCE));
    }
    if (!isClosing) return;
    runner.close();
    port.close();
  });
  const take = (message: Asked[] | "close"): boolean => {
    if (message === "close") return true;
    waiting.push(...message);
    return false;
  };
  port.postMessage("open");
} catch (error) {
  const { code, details } = asMayflyError(error);
  port.postMessage({ code, details });
  port.close();
}

function reader(engine: Engine<Operations>, tell: (answers: Answer[]) => void): Runner {
  const db = openToRead(file);
  const operations = engine.operations(db);
  return { run: (batch) => readBatch(operations, file, batch, tell), close: () => db.close() };
}
