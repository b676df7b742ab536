import type { DatabaseSync } from "node:sqlite";

/** Numbers of messages that are reserved at a time. */
const BLOCK = 1_000;

/**
 * Gives numbers to messages, each greater than all before it, also after a restart. SQLite keeps the greatest number of the table in one of its own; that is set ahead, so that
 * it need not be written with each message. Numbers that are reserved when the server ends are never used.
 */
export interface Numbers {
  next(): number;
  last(): number;
}

export function createNumbers(db: DatabaseSync): Numbers {
  const known = db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'messages'").get();
  const reserve = db.prepare("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'messages'");
  let last = Number(known?.["seq"] ?? 0);
  let reserved = last;
  if (known === undefined) db.exec("INSERT INTO sqlite_sequence (name, seq) VALUES ('messages', 0)");
  return {
    next() {
      if (last >= reserved) {
        // Where this is undone, SQLite itself sets its number to that of each further message.
        reserved = last + BLOCK;
        reserve.run(reserved);
      }
      return ++last;
    },
    last: () => last,
  };
}
