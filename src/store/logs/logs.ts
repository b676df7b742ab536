import type { LogLevel } from "../../wire/protocol.ts";

export type LogLevelName = "debug" | "info" | "warn" | "error" | "agent" | "platform";

/** A line as the platform writes it. */
export interface LogInput {
  /** Milliseconds since the epoch. */
  at: number;
  /** The id of an app or an appliance, here and below. Lines that an older Mayfly wrote have its name in its place. */
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
  /** Only lines at or after this time, milliseconds since the epoch. */
  since?: number | undefined;
  /** Newest lines, at most. */
  tail: number;
}

export interface Logs {
  /** Never waits and never throws: the line is in memory when it returns, on disk within 100 ms. */
  append(line: LogInput): void;
  /** Oldest first. */
  tail(query: LogQuery): Promise<LogLine[]>;
  /** The tail, then each new line once, in order, within 100 ms. The callback must not throw. Returns its stop. */
  follow(query: LogQuery, callback: (line: LogLine) => void): () => void;
  /** Whether anything of this app is on disk. */
  has(app: string): boolean;
  /** Deletes the app's logs. */
  remove(app: string): Promise<void>;
  /** Writes what is buffered, then stops. */
  close(): Promise<void>;
}
