/**
 * The tables of durable executions. What is written for a checkpoint is what the checkpoint changes, so that it costs the same however long the history is. What is large is
 * in `contents` and in the operation that it belongs to, so that a change of an execution's state does not write it again.
 */
import type { Migration } from "../../store/sqlite/migrate.ts";

export const migrations: readonly Migration[] = [
  `CREATE TABLE executions (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     id TEXT NOT NULL UNIQUE,
     -- The app's id, and the name by which the function is called.
     app TEXT NOT NULL,
     function TEXT NOT NULL,
     version TEXT NOT NULL,
     name TEXT NOT NULL,
     -- 0: a plain function, called by an execution. It has no checkpoints and no history.
     durable INTEGER NOT NULL,
     status TEXT NOT NULL DEFAULT 'RUNNING',
     -- SHA-256 of the input: a name stands for one input.
     digest TEXT NOT NULL,
     started_at INTEGER NOT NULL,
     ended_at INTEGER,
     times_out_at INTEGER,
     keep_ms INTEGER NOT NULL,
     forget_at INTEGER,
     -- JSON: what the caller of the function needs.
     about TEXT NOT NULL,
     -- Who called it, if that was an execution: its seq, and the id of the operation there.
     parent INTEGER,
     parent_operation TEXT,
     -- 1: it has ended, and the caller, which is being called itself, is told when that has ended or checkpoints.
     untold INTEGER NOT NULL DEFAULT 0,
     -- When the function is to be called next; null: it waits for something, or is being called.
     wanted_at INTEGER,
     running INTEGER NOT NULL DEFAULT 0,
     invocation INTEGER NOT NULL DEFAULT 0,
     invoked_at INTEGER,
     -- Invocations in a row that failed and stored nothing.
     failures INTEGER NOT NULL DEFAULT 0,
     token TEXT NOT NULL DEFAULT '',
     -- JSON: the checkpoint that made the token, so that the same one again gets the same answer.
     last TEXT,
     -- Counts changes of operations, and the last one that the function knows of.
     changes INTEGER NOT NULL DEFAULT 0,
     seen INTEGER NOT NULL DEFAULT 0,
     -- Whether what it was told last has operations that came to their end by themselves.
     told INTEGER NOT NULL DEFAULT 0,
     operations INTEGER NOT NULL DEFAULT 0,
     events INTEGER NOT NULL DEFAULT 0,
     bytes INTEGER NOT NULL DEFAULT 0
   ) STRICT;
   CREATE UNIQUE INDEX names ON executions (app, name, function) WHERE durable = 1;
   CREATE INDEX of_function ON executions (app, function, seq) WHERE durable = 1;
   CREATE INDEX of_app ON executions (app, seq);
   CREATE INDEX by_status ON executions (app, status, seq) WHERE durable = 1;
   -- How many executions of an app have not ended.
   CREATE TABLE open (app TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT;
   CREATE INDEX wanted ON executions (wanted_at) WHERE wanted_at IS NOT NULL;
   CREATE INDEX times_out ON executions (times_out_at) WHERE times_out_at IS NOT NULL;
   CREATE INDEX forget ON executions (forget_at) WHERE forget_at IS NOT NULL;
   CREATE INDEX running ON executions (seq) WHERE running = 1;
   CREATE INDEX callees ON executions (parent, parent_operation) WHERE parent IS NOT NULL;
   CREATE INDEX untold ON executions (parent) WHERE untold = 1;
   CREATE TABLE contents (seq INTEGER PRIMARY KEY, input TEXT, result TEXT, error TEXT) STRICT;
   CREATE TABLE operations (
     number INTEGER PRIMARY KEY AUTOINCREMENT,
     seq INTEGER NOT NULL,
     id TEXT NOT NULL,
     parent TEXT,
     type TEXT NOT NULL,
     status TEXT NOT NULL,
     due_at INTEGER,
     changed INTEGER NOT NULL,
     -- Whether the last change was made by time, a callback or a callee, not by the function.
     by_itself INTEGER NOT NULL DEFAULT 0,
     -- 1: it is inside of a context that has ended, so that the function does not ask for it again.
     hidden INTEGER NOT NULL DEFAULT 0,
     callback TEXT UNIQUE,
     -- JSON: the rest of its state, without its result.
     facts TEXT NOT NULL,
     result TEXT,
     UNIQUE (seq, id)
   ) STRICT;
   CREATE INDEX changed ON operations (seq, changed);
   CREATE INDEX inside ON operations (seq, parent) WHERE parent IS NOT NULL AND hidden = 0;
   CREATE INDEX waiting ON operations (seq) WHERE status IN ('PENDING', 'READY', 'STARTED') AND type <> 'CONTEXT';
   CREATE INDEX due ON operations (due_at) WHERE due_at IS NOT NULL;
   CREATE INDEX due_of ON operations (seq, due_at) WHERE due_at IS NOT NULL;
   CREATE TABLE history (
     seq INTEGER NOT NULL,
     number INTEGER NOT NULL,
     at INTEGER NOT NULL,
     type TEXT NOT NULL,
     -- JSON
     event TEXT NOT NULL,
     PRIMARY KEY (seq, number)
   ) STRICT;`,
];
