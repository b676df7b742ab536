/**
 * Commands of Redis on key-value stores: what they do is Redis' own, what they are done to are the stores of `KeyValues`. A text is the same value in both, and hashes, lists and
 * sets are entries that only commands can look into.
 *
 * 1. What a command wrote is on the disk before its promise resolves. Commands that are given together share that wait, and none of others comes between those of one step.
 * 2. A command does all that it says, or nothing; one that fails leaves the others of its step as they are, as in Redis.
 * 3. A command's work, and its reply, are bounded.
 */
import type { Store } from "../kv.ts";

export interface RedisCommands {
  /**
   * Rejects with "store-busy" and "disk-full"; what a single command is refused for is its reply. Only commands of specs.ts.
   */
  run(store: Store, step: Step): Promise<Ran>;
  /** What the keys' versions are now, for `watched`; 0: there is no such key. */
  versions(store: Store, keys: readonly Uint8Array[]): Promise<number[]>;
}

export interface Command {
  /** In capitals. */
  name: string;
  /** Without the name. Not more, nor fewer, than its spec says. */
  args: readonly Uint8Array[];
}

export interface Step {
  commands: readonly Command[];
  /** All in one transaction, in which nobody else's are; undefined: as many as there is time for, and at least one. */
  isWhole?: boolean;
  /** Nothing is done if one of these keys has another version. */
  watched?: readonly { key: Uint8Array; version: number }[];
  /** Of all replies together, bytes. */
  mostReply: number;
}

export interface Ran {
  /** Of the first commands; the others have not been carried out. */
  replies: Reply[];
  /** What the first command without a reply would return is more than `mostReply`. */
  isLarge: boolean;
  /** A key of `watched` has another version. */
  isStale: boolean;
  /** Keys of lists that got items. */
  pushed: readonly Uint8Array[];
}

/** What commands return. A text is bytes; a number is a whole number. */
export type Reply = null | number | bigint | Uint8Array | Status | Refused | Pairs | Twos | Members | NoList | Reply[];

/** A word of Redis' own, such as OK. */
interface Status {
  status: string;
}

/** Begins with a word in capitals that says of what kind it is. */
export interface Refused {
  error: string;
}

/** Keys and their values in turn. */
interface Pairs {
  pairs: Reply[];
}

/** As pairs, but a list of lists of two in the newer protocol. */
interface Twos {
  twos: Reply[];
}

/** In no order. */
interface Members {
  members: Reply[];
}

/** Null where there would be a list. */
interface NoList {
  noList: true;
}

/** The most that a command may return, bytes. */
export const MOST_REPLY = 32 * 2 ** 20;
/** Arguments of a command, or of all commands of a whole step. */
export const MOST_ARGUMENTS = 20_000;
/** Commands of a step. */
export const MOST_COMMANDS = 1_000;
