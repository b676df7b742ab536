/**
 * Makes the sentences of `mayfly explain`, of the decision log and of other logs from the policy's records, one sentence for each kind. No
 * code reads these sentences; code that needs to tell reasons apart uses the records.
 */
import type { AppRuntime } from "../base/kind/machine-kind.ts";
import { counted } from "../base/words/counted.ts";
import { percent } from "../base/words/percent.ts";
import { clauseOf, type MachineExit } from "../machines/exit.ts";
import type { AppFacts, LearnedFacts, ExplainedMachine } from "../policy/explain.ts";
import type { MachineId } from "../policy/policy.ts";
import type { CondemnCause, NeedReason, Reason } from "../policy/reasons.ts";
import type { SnapshotState } from "../fleet/snapshots/snapshot-keeper.ts";
import { figure, megabytes, span } from "./figures.ts";

/** Why something was done to a machine, or what became of it: the policy's reason, or what the dispatcher saw. Times are in milliseconds. */
export type DecisionReason =
  | Reason
  /** The machine takes invocations from now on. */
  | { kind: "ready"; startMs: number; bindMs: number }
  /** The machine was started for one app, and another app got it. */
  | { kind: "lost"; app: string; why: NeedReason }
  /** The machine ended without the policy's command. */
  | { kind: "ended"; exit: Pick<MachineExit, "reason" | "detail"> };

const causesOfCondemning: Record<CondemnCause, string> = {
  "abort-ignored": "a handler ignored its abort signal",
  "timed-out": "the time of an invocation was up, after which AWS Lambda uses a machine no more",
  "machine-ending": "the machine is ending by itself",
};

type Clauses = { [Kind in DecisionReason["kind"]]: (reason: Extract<DecisionReason, { kind: Kind }>) => string };

const clauses: Clauses = {
  "calls-waiting": ({ waiting, slots }) =>
    `${callsWait(waiting)}, and ${slots === 0 ? "the app has no machine" : `no slot is free: the app's machines have ${counted(figure(slots), "slot")} in all`}`,
  minimum: ({ machines }) => `the app's minimum is ${counted(machines, "machine")} (minMachines)`,
  reserved: ({ machines }) => `${counted(machines, "machine")} of the revision ${machines === 1 ? "is" : "are"} reserved by an alias`,
  "call-expected": ({ withinMs }) => `a call is expected within ${span(withinMs)}`,
  "call-known": ({ withinMs }) => `a call is known to come within ${span(withinMs)}, because it is the time of a schedule or of an event`,
  forecast: ({ inFlight, slots, aheadMs, level, trend, deviation, has }) =>
    `the forecast for ${span(aheadMs)} from now is that ${counted(figure(slots), "slot")} will be needed, and the app's machines have ${figure(has)}; ` +
    `${inFlight} in flight now, level ${figure(level)}, trend ${figure(trend)} a window, deviation ${figure(deviation)} (in invocations)`,
  blanks: ({ wanted }) => `to keep ${counted(wanted, "blank")} ready`,
  "idle-fixed": ({ ms }) => `idle for ${ms} ms, the setting idleMs`,
  idle: ({ ms, others, holdCost, startCost, startsAgainMs }) => {
    const beside = others > 0 ? ` beside ${counted(others, "other machine")} of the app` : "";
    const again = startsAgainMs === null ? "" : `; another machine will be started in ${span(startsAgainMs)}, because a call is expected`;
    return `idle for ${span(ms)}${beside}; holding the machine costs ${figure(holdCost)} GB-seconds per second, and a start that a caller waits for costs ${figure(startCost)} GB-seconds${again}`;
  },
  "blank-surplus": ({ ready, enough }) => `${counted(ready, "blank")} ready, of which ${enough} would be enough`,
  "host-full": () => "the host is full, and calls of another app wait",
  "host-full-share": () => "the host is full, and another app with waiting calls has no machine",
  "tenant-full": () => "the tenant's apps have as many machines as they may have together, and calls of another one of them wait",
  "apart-full": () => "the app has as many machines as it may have, and calls of another tenant id wait",
  "tenant-share": () => "the host is full, and an app of a tenant that has fewer machines waits for its first",
  drained: () => "the machine was draining, and its last invocation has ended",
  condemned: ({ because }) => causesOfCondemning[because],
  "limits-changed": () => "the app's limits have changed",
  renewed: () => "the app's code or secrets have changed",
  superseded: () => "another revision took over",
  "app-removed": () => "the app was removed",
  "other-rule": ({ rule }) => rule,
  ready: ({ startMs, bindMs }) => `the start took ${startMs.toFixed(0)} ms, the bind ${bindMs.toFixed(0)} ms`,
  lost: ({ app, why }) => `app ${app} got the machine: ${clauseOfReason(why)}`,
  ended: ({ exit }) => clauseOf(exit),
};

/** A clause that can follow "killed: ". */
export function clauseOfReason(reason: DecisionReason): string {
  return (clauses[reason.kind] as (reason: DecisionReason) => string)(reason);
}

/** Returns the facts with the names of machines in place of their numbers. */
export function withNames(facts: AppFacts, nameOf: (machine: MachineId) => string): AppFacts<string> {
  const named = (machine: ExplainedMachine): ExplainedMachine<string> => ({ ...machine, machine: nameOf(machine.machine) });
  return { ...facts, machines: facts.machines.map(named) };
}

/** What the policy knows of a revision now, with the revision's share of the app's calls. */
export interface RevisionFacts extends AppFacts<string> {
  /** The revision's id. */
  revision: string;
  /** The revision's number. */
  number: number;
  weight: number;
  /** The runtime of the functions that the facts are about. */
  runtime: AppRuntime;
}

/**
 * Says what the policy knows of an app's revisions now. If there are several, or functions of several runtimes, a heading names what the next sentences
 * are about.
 */
export function sentencesOfRevisions(revisions: readonly RevisionFacts[]): string[] {
  if (revisions.length === 1) return sentencesOfFacts(revisions[0] as RevisionFacts);
  const weights = new Map(revisions.map(({ revision, weight }) => [revision, weight]));
  const all = weights.values().reduce((sum, weight) => sum + weight, 0);
  return revisions.flatMap((facts) => {
    const share = weights.size === 1 ? "" : ` (${percent(facts.weight / all)})`;
    const isWhole = revisions.filter(({ revision }) => revision === facts.revision).length === 1;
    const functions = isWhole ? "" : `, functions of the runtime ${facts.runtime}`;
    return [`Revision ${facts.number}${share}${functions}:`, ...sentencesOfFacts(facts)];
  });
}

/** Says what the policy knows of one revision now. Machines have the names that `mayfly ps` shows. */
export function sentencesOfFacts(facts: AppFacts<string>): string[] {
  const { learned } = facts;
  return [
    `The revision has ${counted(facts.inFlight, "invocation")} in flight and ${facts.waiting} waiting, on ${counted(facts.bound, "machine")}; ${facts.binding} more are being bound.`,
    slotsSentence(facts),
    ...(facts.reserved === 0
      ? []
      : [`${counted(facts.reserved, "machine")} of the revision ${facts.reserved === 1 ? "is" : "are"} reserved by an alias.`]),
    ...(learned === null ? [] : learnedSentences(learned, facts)),
    ...facts.machines.map((machine) => machineSentence(machine, facts)),
  ];
}

function slotsSentence({ slots, ceiling, learned }: AppFacts<string>): string {
  const each = `Each machine has ${counted(slots, "slot")}`;
  const most = `the manifest allows at most ${ceiling} (concurrency)`;
  if (learned === null)
    return `${each}, as many as the manifest allows (concurrency); nothing is learned, because the setting idleMs is set.`;
  if (learned.busyShare === null) return `${each} until the CPU use of the app's invocations is known; ${most}.`;
  return `${each}, because an invocation keeps the event loop busy for ${figure(100 * learned.busyShare)} % of its time in flight; ${most}.`;
}

function learnedSentences(learned: LearnedFacts, facts: AppFacts<string>): string[] {
  const { demand } = learned;
  const { minMachines } = facts;
  return [
    ...(demand === null ? [] : [demandSentence(demand)]),
    ...(minMachines === 0 ? [] : [`The app's minimum is ${counted(minMachines, "machine")} (minMachines).`]),
    costsSentence(learned),
    [timesSentence(learned), ...courseSentence(learned, facts)].join(" "),
    ...(learned.known === null ? [] : [knownSentence(learned.known)]),
  ];
}

function knownSentence({ startInMs, heldForMs }: NonNullable<LearnedFacts["known"]>): string {
  const begin = startInMs === 0 ? "now" : `${span(startInMs)} from now`;
  return `A call is known to come, because it is the time of a schedule or of an event: a machine is there for it from ${begin} on, for ${span(heldForMs - startInMs)}.`;
}

function demandSentence({ aheadMs, expected, margin, machines }: NonNullable<LearnedFacts["demand"]>): string {
  const enough = machines === 1 ? "1 machine is enough" : `${machines} machines are enough`;
  return (
    `The forecast for one start-up time from now (${span(aheadMs)}) is ${counted(figure(expected), "invocation")} in flight; with a margin of ` +
    `${counted(figure(margin), "slot")}, ${machines === 0 ? "that is too little to start a machine for" : `${enough} for that`}.`
  );
}

function costsSentence({ costs }: LearnedFacts): string {
  const { memoryGb, idleCpu, hold, start, startWithWait, waitMs, waitWorth, breakEvenMs } = costs;
  const resting = idleCpu !== null && idleCpu > 0 ? ` and uses ${figure(100 * idleCpu)} % of a CPU while it has nothing to do` : "";
  const held =
    breakEvenMs === null ? "Holding a machine costs nothing." : `Holding a machine for ${span(breakEvenMs)} costs as much as such a start.`;
  return (
    `A machine holds ${figure(memoryGb)} GB of memory${resting}; holding it costs ${figure(hold)} GB-seconds per second. A start costs ${figure(start)} GB-seconds, ` +
    `and ${figure(startWithWait)} GB-seconds if a caller waits for it: the wait is ${span(waitMs)}, and a second of it counts as ${figure(waitWorth)} GB-seconds (waitWorth). ${held}`
  );
}

/** The costs are those of a whole idle time, because the plan for it is made at its beginning. */
function timesSentence({ idle: { times, costs } }: LearnedFacts): string {
  const known = `${counted(times, "idle time")} of the revision ${times === 1 ? "has" : "have"} ended so far`;
  if (costs === null) return `${known}, too few to learn from.`;
  return (
    `${known}. By them, a whole idle time, from its beginning to the next call, is expected to cost ${figure(costs.holding)} GB-seconds on average if a machine is held ` +
    `throughout, ${figure(costs.none)} if none is held, and ${figure(costs.plan)} by the plan with which it begins.`
  );
}

/** What becomes of the last machine. Nothing is said of it while calls wait for a first machine, or while the app's minimum keeps it. */
function courseSentence({ idle: { holdMs, start } }: LearnedFacts, { inFlight, waiting, machines }: AppFacts<string>): string[] {
  const idle = inFlight + waiting === 0;
  if (machines.some(({ keptForMinimum }) => keptForMinimum) || (holdMs === null && !idle)) return [];
  const next =
    start === null
      ? "is started when a call comes"
      : `is started ${span(start.atMs)} after the last call and is held until ${span(start.untilMs)} after it`;
  if (holdMs === null) return [`The revision has no machine; the next one ${next}.`];
  if (!idle) return [`If the revision fell idle now, its last machine would be held for ${span(holdMs)}.`];
  return [`The last machine is held until ${span(holdMs)} after the last call, if no other comes; the next one ${next}.`];
}

function machineSentence(facts: ExplainedMachine<string>, { slots, minMachines, reserved }: AppFacts<string>): string {
  const { machine, phase, inFlight, phaseMs, idleMs, keptForMinimum, nextLookMs, keptMs } = facts;
  if (phase === "binding") return `Machine ${machine} has been binding for ${span(phaseMs)}.`;
  if (phase === "draining")
    return `Machine ${machine} gets no new invocations and is killed when those in flight (${inFlight}) have ended.`;
  if (idleMs === null) return `Machine ${machine} has ${inFlight} of ${counted(slots, "slot")} taken.`;
  const idle = `Machine ${machine} has been idle for ${span(idleMs)}`;
  if (keptForMinimum && reserved > 0) return `${idle} and is kept because machines of the revision are reserved.`;
  if (keptForMinimum) return `${idle} and is kept for the app's minimum of ${counted(minMachines, "machine")} (minMachines).`;
  if (keptMs !== null) return `${idle} and is kept for ${span(keptMs)} more, if no call comes.`;
  return nextLookMs === null ? `${idle}.` : `${idle}; the policy decides again in ${span(nextLookMs)} whether to keep it.`;
}

function callsWait(waiting: number): string {
  return waiting === 1 ? "1 call waits" : `${waiting} calls wait`;
}

/** @param runtime that of the part's functions, if the revision has others */
export function partInWords(revision: number, runtime: AppRuntime | null): string {
  return runtime === null ? `revision ${revision}` : `the ${runtime} functions of revision ${revision}`;
}

/** No sentence if the part asks for no snapshot. @param part as partInWords() says it */
export function sentenceOfSnapshot(part: string, snapshot: SnapshotState | undefined): string[] {
  return snapshot === undefined ? [] : [snapshotSentence(part, snapshot)];
}

function snapshotSentence(part: string, snapshot: SnapshotState): string {
  if (snapshot.state === "ready") return `There is a snapshot of ${part} (${megabytes(snapshot.bytes)}): its machines start initialised.`;
  if (snapshot.state === "none") return `There is no snapshot of ${part}: ${snapshot.why}.`;
  const how = snapshot.state === "making" ? "is being made" : "is made when the host has nothing to do";
  return `The snapshot of ${part} ${how}; until it is there, its machines are blanks that are bound.`;
}
