/** What the dispatcher asks of the accounts. It asks for every invocation, so the answer must be cheap. */
import type { ErrorDetails } from "../../base/errors/error.ts";
import type { ErrorCode } from "../../base/errors/table.ts";

export interface Accounts {
  /** Why the app accepts no new invocations now; undefined if it does. */
  admit(app: string): Refusal | undefined;
  /** Counts a call that is about to be given to a machine. Returns why it may not be; undefined if it may. */
  take(app: string): Refusal | undefined;
  /** Calls back soon after an app was refused that was admitted before, or the other way round. */
  watch(changed: (app: string) => void): void;
}

export interface Refusal {
  code: ErrorCode;
  details: ErrorDetails;
}

export interface ServedInvocation {
  readonly app: string;
  readonly function: string;
  /** The machine's name, as the fleet's usage entries have it. */
  readonly machine: string;
  /** The memory that the manifest of the revision that ran asks for. */
  readonly memoryMb: number;
  /** Milliseconds, with a fraction, from the sending of the invocation to its end, on the host's clock. */
  readonly slotMs: number;
  /** When it ended, by the wall clock, in milliseconds since the epoch. */
  readonly at: number;
}

/** Accounts that admit every invocation and record nothing. */
export const noAccounts: Accounts = { admit: () => undefined, take: () => undefined, watch: () => {} };
