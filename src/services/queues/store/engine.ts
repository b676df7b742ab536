/** The operations on queues, in the thread of their file: see ../../../store/group-commit/. Times are wall clock, in milliseconds since the epoch. */
import type { Engine, Operations } from "../../../store/group-commit/engine.ts";
import { createBook } from "./book.ts";
import { defineOperations } from "./define.ts";
import { createGroups } from "./groups.ts";
import { createMessages } from "./messages.ts";
import { moveOperations } from "./moves.ts";
import { peekOperations } from "./peek.ts";
import { type Received, receiveOperations } from "./receive.ts";
import { migrations } from "./schema.ts";
import { sendOperations } from "./send.ts";
import { settleOperations } from "./settle.ts";
import { spaceUse } from "./space-use.ts";

export type QueueOperations = ReturnType<(typeof engine)["operations"]>;

export const engine = {
  migrations,
  // A receive that a power cut undoes is like one whose receiver died: the message is there again. In a FIFO queue, it would be there for a second receiver under the receipt of the first.
  mayBeUndone: { receive: (result) => !(result as Received).isFifo },
  spaceUse,
  operations(db) {
    const book = createBook(db);
    const groups = createGroups(db);
    const table = createMessages(db, book, groups);
    return {
      ...defineOperations(db, book),
      ...sendOperations(db, book, table),
      ...receiveOperations(db, book, groups, table),
      ...settleOperations(db, book, groups, table),
      ...peekOperations(db, book, table),
      ...moveOperations(db, book, groups, table),
    };
  },
} satisfies Engine<Operations>;
