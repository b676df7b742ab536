/** The reading operations on key-value stores, in a thread of their own, so that they do not wait for the disk behind the writing ones. */
import type { Engine, Operations } from "../../../store/group-commit/engine.ts";
import { readOperations } from "./read.ts";

export const engine = {
  /** The writing thread has carried them out. */
  migrations: [],
  operations: readOperations,
} satisfies Engine<Operations>;
