import type { DatabaseSync, SQLInputValue } from "node:sqlite";

export interface MessageRow {
  seq: number;
  queue: number;
  grp: number | null;
  id: string;
  visibleAt: number;
  sentAt: number;
  receives: number;
  firstAt: number | null;
  bytes: number;
  /** Of a dead letter: the queue that gave it up. */
  origin: number | null;
  /** Of a large message, where its text and `about` are; 0: here. */
  body: number;
  text: string | null;
  about: string | null;
}

export interface MessageQuery {
  all(...values: SQLInputValue[]): MessageRow[];
  get(...values: SQLInputValue[]): MessageRow | undefined;
}

/**
 * A query of whole messages. @param which what follows FROM messages. A parameter of LIMIT must be a part of a sum: SQLite plans a query anew for each value of a limit that is a parameter
 * alone, which takes three times as long as the query.
 */
export function messageQuery(db: DatabaseSync, which: string): MessageQuery {
  const statement = db.prepare(
    `SELECT seq, queue, grp, id, visible_at, sent_at, receives, first_at, bytes, origin, body, text, about FROM messages ${which}`,
  );
  // An object's names would be looked up for each row.
  statement.setReturnArrays(true);
  return {
    all: (...values) => (statement.all(...values) as unknown as Row[]).map(readRow),
    get(...values) {
      const row = statement.get(...values) as unknown as Row | undefined;
      return row === undefined ? undefined : readRow(row);
    },
  };
}

type Row = [
  number,
  number,
  number | null,
  string,
  number,
  number,
  number,
  number | null,
  number,
  number | null,
  number,
  string | null,
  string | null,
];

function readRow([seq, queue, grp, id, visibleAt, sentAt, receives, firstAt, bytes, origin, body, text, about]: Row): MessageRow {
  return { seq, queue, grp, id, visibleAt, sentAt, receives, firstAt, bytes, origin, body, text, about };
}
