/**
 * Why the policy commanded what it did: records with the numbers of that moment. Sentences are made of them where people read them
 * (`src/dispatch/sentences.ts`), and nowhere else. Times are ms, costs are GB-seconds.
 */

/** Why a machine was started, or bound to a revision. */
export type NeedReason =
  /** Calls wait. `slots`: what the app's machines have, all of it taken; 0: it has no machine. */
  | { kind: "calls-waiting"; waiting: number; slots: number }
  /** `minMachines` of the manifest. */
  | { kind: "minimum"; machines: number }
  /** The app's idle plan expects a call before then. */
  | { kind: "call-expected"; withinMs: number }
  /** `slots` are forecast for `aheadMs` from now, and the app's machines have `has`. */
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
  /** So many machines that belong to no app are to be ready. */
  | { kind: "blanks"; wanted: number }
  | OtherRule;

/** Why a machine gets no new work, or was killed. */
export type EndReason =
  /** Every idle machine is kept for the setting `idleMs`, and this one was. */
  | { kind: "idle-fixed"; ms: number }
  /** Idle for `ms` beside `others`. `holdCost`: of a second of holding it; `startCost`: of a start that a caller waits for. `startsAgainMs`: when one is to be started by plan; null: no plan. */
  | { kind: "idle"; ms: number; others: number; holdCost: number; startCost: number; startsAgainMs: number | null }
  /** Of `ready` blanks, `enough` would do. */
  | { kind: "blank-surplus"; ready: number; enough: number }
  /** The host is full, and another app's calls wait. */
  | { kind: "host-full" }
  /** The host is full, and another app has no machine at all. */
  | { kind: "host-full-share" }
  /** It got no new work, and what it had is through. */
  | { kind: "drained" }
  /** The dispatcher gave it up: a handler ignores its abort signal, or the machine is about to end. */
  | { kind: "condemned" }
  | { kind: "limits-changed" }
  /** What it was given at its bind changed: code or secrets. */
  | { kind: "renewed" }
  /** Another revision took over. */
  | { kind: "superseded" }
  | { kind: "app-removed" }
  | OtherRule;

/** Of a policy that is not Mayfly's, as a test or the laboratory runs it: the name of its rule. */
interface OtherRule {
  kind: "other-rule";
  rule: string;
}

export type Reason = NeedReason | EndReason;
