/**
 * What runs in the thread of a group commit: the tables of one SQLite file and the operations on them. An engine's module exports it as `engine`. The module is loaded in
 * that thread, which has no clock of the server and no log: times are arguments, and what went wrong is a result or an error of the table.
 */
import type { DatabaseSync } from "node:sqlite";
import type { Migration } from "../sqlite/migrate.ts";
import type { SpaceUse } from "./space-use.ts";

/**
 * Operations by name. An argument and a result must be of what structuredClone() copies: records, lists, texts, numbers, bytes. An operation is all or nothing: what it
 * wrote before it threw is undone, and the other operations of its transaction are not touched.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- the only type that every argument fits
export type Operations = Record<string, (argument: any) => unknown>;

export interface Engine<O extends Operations> {
  migrations: readonly Migration[];
  /** Prepares the statements. Called once, when the file is open. */
  operations(db: DatabaseSync): O;
  /**
   * By operation, whether a power cut may undo what it did, as it may for the first milliseconds after its answer; kill -9 undoes nothing, and what a later operation did
   * is never there without it. Such an operation is answered before the disk has it. Left out: none is.
   */
  mayBeUndone?: Readonly<Record<string, (result: unknown) => boolean>>;
  /** What an operation is to the disk. Asked only while the disk is full. What it says of operations that only read is of no account. Left out: all need space. */
  // oxlint-disable-next-line typescript/no-explicit-any -- as of Operations
  spaceUse?: (operation: string, argument: any, db: DatabaseSync) => SpaceUse;
}

export type ArgumentOf<O extends Operations, K extends keyof O> = Parameters<O[K]> extends [] ? null : Parameters<O[K]>[0];
export type ResultOf<O extends Operations, K extends keyof O> = ReturnType<O[K]>;
