/**
 * The thread of a group commit. While it waits for the disk, further operations gather at its port; it takes them all into its next transaction. So the disk's own speed
 * decides how many operations share one fsync.
 */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { openDatabase, openToRead } from "../sqlite/open.ts";
import { asMayflyError } from "../../base/errors/error.ts";
import { type Answer, type Asked, readBatch, runBatch } from "./batch.ts";
import type { Engine, Operations } from "./engine.ts";

export interface ThreadData {
  file: string;
  /** The URL of the engine's module. */
  module: string;
  /** Whether the operations only read. */
  readsOnly: boolean;
}

/** Operations of one transaction. A long transaction keeps the answers of its first operations back. */
const MOST_AT_ONCE = 1_000;
/** What stays in the write-ahead log between checkpoints, bytes: a full disk leaves room in it for what frees space. */
const LOG_BYTES = 8_388_608;

const { file, module, readsOnly } = workerData as ThreadData;
const port = parentPort!;

try {
  const { engine } = (await import(module)) as { engine: Engine<Operations> };
  const db = readsOnly ? openToRead(file) : openDatabase(file, { durability: "full", migrations: engine.migrations, shrinks: true });
  if (!readsOnly) db.exec(`PRAGMA journal_size_limit = ${LOG_BYTES}`);
  const operations = engine.operations(db);
  const waiting: Asked[] = [];
  const tell = (answers: Answer[]) => port.postMessage(answers);
  // oxlint-disable-next-line mayfly/guarded-listeners -- what it throws ends this thread alone, which its owner tells of and starts again
  port.on("message", (message: Asked[] | "close") => {
    let isClosing = take(message);
    while (waiting.length > 0) {
      for (let more = receiveMessageOnPort(port); more !== undefined; more = receiveMessageOnPort(port)) {
        isClosing = take(more.message as Asked[] | "close") || isClosing;
        if (waiting.length >= MOST_AT_ONCE) break;
      }
      const batch = waiting.splice(0, MOST_AT_ONCE);
      if (readsOnly) readBatch(operations, file, batch, tell);
      else tell(runBatch(db, operations, file, batch));
    }
    if (!isClosing) return;
    db.close();
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
