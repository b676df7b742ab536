/** What the dispatcher asks of whoever keeps the accounts. It does so for every invocation, so the answer must be cheap. */
import type { ErrorDetails } from "../../base/errors/error.ts";
import type { ErrorCode } from "../../base/errors/table.ts";

export interface Accounts {
  /** Why the app takes no new invocations now; undefined where it does. */
  admit(app: string): Refusal | undefined;
  /** Called back, some time after, when an app is admitted that was not, or the other way round. */
  watch(changed: (app: string) => void): void;
}

export interface Refusal {
  code: ErrorCode;
  details: ErrorDetails;
}

export interface ServedInvocation {
  app: string;
  function: string;
  /** The machine's name, as the fleet's usage entries have it. */
  machine: string;
  /** What the version that ran has in its manifest. */
  memoryMb: number;
  /** Milliseconds, with a fraction, from its sending to its end, on the host's clock. */
  ms: number;
}

/** Admits everybody and keeps no accounts. */
export const noAccounts: Accounts = { admit: () => undefined, watch: () => {} };
