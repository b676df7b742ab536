import type { SqsOperation } from "../call.ts";
import { moveOperations } from "./moves.ts";
import { queueOperations } from "./queues.ts";
import { receiveOperations } from "./receive.ts";
import { sendOperations } from "./send.ts";

/** By their names. */
export const operations: ReadonlyMap<string, SqsOperation> = new Map(
  Object.entries({ ...queueOperations, ...sendOperations, ...receiveOperations, ...moveOperations }),
);
