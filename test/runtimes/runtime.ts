/**
 * What the suite has to be told of a runtime. Every runtime has an app of the same functions in test/apps/conformance; what a runtime does otherwise
 * than the others is said here, with the reason.
 */
import type { RuntimeName } from "../../src/base/kind/machine-kind.ts";
import type { Scope } from "../platform.ts";

export type ConformanceFunction =
  /** Prints `greeting <name>`, and replies with the word in its file words.txt, the parameter `name` and the variable COLOUR. */
  | "greets"
  /** Streams: writes `first`, and `second` when the same function has been called with the path /open, to which it replies `opened`. */
  | "streams"
  /** Prints `begin <word>`, waits 20 ms, and prints `end <word>` to the other output. */
  | "prints"
  /** Waits 50 ms, without computing, and replies `waited`. */
  | "waits"
  /** Replies with the milliseconds since the epoch and two random numbers. */
  | "draws"
  /** Prints `listening`, waits until nobody wants its reply any more, and prints `heard`. */
  | "hears"
  /** The same, with a time limit of 2 s. */
  | "expires"
  /** Prints `asked to <deed>` and does what the parameter `do` says: paths, throw, exit, crash, spin, leak, or nothing. `paths`
   * writes to /dev/stdout `written to the path of output`, and to /proc/self/fd/2 `written to the path of errors`. */
  | "misbehaves"
  /** The same, with a time limit of 3 s. */
  | "spins"
  /** Prints `there is no database` and fails before it can take an invocation. */
  | "broken";

export interface RuntimeSubject {
  /** What the manifest calls it, which is the app's name, too. */
  name: string;
  /** What machines of such apps are. Programs run beside Node's agent. */
  machines: RuntimeName;
  /** Makes the app's folder ready for a deploy. */
  folder: (scope: Scope) => string | Promise<string>;
  /** Functions that it cannot have, each with the reason. */
  lacks: Partial<Record<ConformanceFunction, string>>;
  /** What the log says beside the id of an invocation that threw. */
  stack: RegExp;
  /** What the log says of a machine that the app's own code ended. */
  ended: Record<"exit" | "crash", RegExp>;
  /** How an invocation that eats memory may fail: error codes. */
  outOfMemory: string[];
}
