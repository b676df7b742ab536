import type { LogLevel } from "../../wire/protocol.ts";

export type LogLevelName = "debug" | "info" | "warn" | "error" | "agent" | "platform";

/** A line as the platform writes it. */
export interface LogInput {
  /** Milliseconds since the epoch. */
  at: number;
  /** The id of an app or an appliance, here and below. Lines that an older Mayfly wrote have its name instead. */
  app: string;
  function?: string | undefined;
  invocation?: string | undefined;
  machine?: string | undefined;
  level: LogLevel;
  text: string;
}

/** A line as readers get it. */
export interface LogLine {
  at: number;
  app: string;
  function?: string | undefined;
  invocation?: string | undefined;
  machine?: string | undefined;
  level: LogLevelName;
  text: string;
}

export interface LogQuery {
  app: string;
  function?: string | undefined;
  invocation?: string | undefined;
  /** Only lines at or after this time, milliseconds since the epoch. */
  since?: number | undefined;
  /** The most lines to return; the newest ones. */
  tail: number;
}

export interface Logs {
  /** Never waits and never throws. The line is in memory when this returns, and on disk within 100 ms. */
  append(line: LogInput): void;
  /** Oldest first. */
  tail(query: LogQuery): Promise<LogLine[]>;
  /**
   * Calls back with the tail, then once with each new line, in order, within 100 ms, several together. Those who ask for the same get the same array. The callback must
   * not throw. Returns a function that stops it.
   */
  follow(query: LogQuery, callback: (lines: readonly LogLine[]) => void): () => void;
  /** Whether anything of this app is on disk. */
  has(app: string): boolean;
  /** Deletes the app's logs. */
  remove(app: string): Promise<void>;
  /** What the logs of a tenant's apps may take together was changed: the next write heeds it. */
  limitsChanged(): void;
  /** Writes what is buffered, then stops. */
  close(): Promise<void>;
}
