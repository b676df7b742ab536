import type { ArgumentOf, Operations, ResultOf } from "./engine.ts";

/**
 * A SQLite file in a thread of its own, in which operations that come together share a transaction. The server's event loop never waits for the disk.
 *
 * 1. What an operation wrote is on the disk, and survives a power cut, before its promise resolves; except for operations of which the engine says otherwise.
 * 2. Operations are carried out in the order in which they were asked for, also by different callers.
 * 3. What waits is bounded in number and bytes; more is refused with "store-busy".
 */
export interface GroupCommit<O extends Operations> {
  /**
   * Rejects with an error of the table: that of the operation, "disk-full", "state-damaged", "store-busy", or "shutting-down" after close().
   * @param bytes about how large the argument is, if it may be large: it counts against the bytes that may wait
   */
  run<K extends keyof O & string>(operation: K, argument: ArgumentOf<O, K>, bytes?: number): Promise<ResultOf<O, K>>;
  /** Carries out what waits, then closes the file. Further calls return the same promise. */
  close(): Promise<void>;
}
