/**
 * Why the policy gave a command: records with the numbers of that moment. Only `src/dispatch/sentences.ts` makes sentences of them. Times are ms, costs are
 * GB-seconds.
 */

/** Why a machine was started, or bound to a revision. */
export type NeedReason =
  /** Calls wait. All `slots` of the app's machines are taken; 0: the app has no machine. */
  | { kind: "calls-waiting"; waiting: number; slots: number }
  /** The app has fewer machines than `minMachines` of its manifest. */
  | { kind: "minimum"; machines: number }
  /** The revision has fewer machines than an alias reserves for it. */
  | { kind: "reserved"; machines: number }
  /** The app's idle plan expects a call within so many ms. */
  | { kind: "call-expected"; withinMs: number }
  /** A call is known to come within so many ms, because it is the time of a schedule or of an event. */
  | { kind: "call-known"; withinMs: number }
  /** The forecast for `aheadMs` from now is that `slots` slots are needed, and the app's machines have `has`. */
  | {
      kind: "forecast";
      inFlight: number;
      slots: number;
      has: number;
      aheadMs: number;
      level: number;
      trend: number;
      deviation: number;
    }
  /** `wanted` blanks are to be ready. */
  | { kind: "blanks"; wanted: number }
  | OtherRule;

/** Why the dispatcher gives a machine no new work: a handler ignored its abort signal, or was not done in time where no further call may follow it, or the machine is ending without having been killed. */
export type CondemnCause = "abort-ignored" | "timed-out" | "machine-ending";

/** Why a machine was drained or killed. */
export type EndReason =
  /** The machine was idle for the setting `idleMs`. */
  | { kind: "idle-fixed"; ms: number }
  /**
   * The machine was idle for `ms` beside `others` machines. `holdCost` is the cost of holding it for a second, `startCost` that of a start that a caller waits
   * for. `startsAgainMs`: ms until another one is started because a call is expected; null: no call is.
   */
  | { kind: "idle"; ms: number; others: number; holdCost: number; startCost: number; startsAgainMs: number | null }
  /** There were `ready` blanks, and `enough` of them are enough. */
  | { kind: "blank-surplus"; ready: number; enough: number }
  /** The host is full, and calls of another app wait. */
  | { kind: "host-full" }
  /** The host is full, and another app with waiting calls has no machine at all. */
  | { kind: "host-full-share" }
  /** The tenant's apps have as many machines together as they may, and calls of another one of them wait. */
  | { kind: "tenant-full" }
  /** The app has as many machines as it may, and calls of a key wait that has no machine of its own. */
  | { kind: "apart-full" }
  /** The host is full, and an app of a tenant that has fewer machines waits for its first. */
  | { kind: "tenant-share" }
  /** The machine got no new work, and all its invocations have ended. */
  | { kind: "drained" }
  /** The dispatcher condemned the machine. */
  | { kind: "condemned"; because: CondemnCause }
  | { kind: "limits-changed" }
  /** What machines are given at their bind has changed: code or secrets. */
  | { kind: "renewed" }
  /** Another revision took over. */
  | { kind: "superseded" }
  | { kind: "app-removed" }
  | OtherRule;

/** The reason of a policy that is not Mayfly's, as tests and the laboratory run it: the name of its rule. */
interface OtherRule {
  kind: "other-rule";
  rule: string;
}

export type Reason = NeedReason | EndReason;
