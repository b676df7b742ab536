/**
 * Makes the sentences of `mayfly explain`, of the decision log and of other logs from the policy's records, one sentence for each kind. No
 * code reads these sentences; code that needs to tell reasons apart uses the records.
 */
import { counted } from "../base/words/counted.ts";
import { clauseOf, type MachineExit } from "../machines/exit.ts";
import type { AppFacts, LearnedFacts, ExplainedMachine } from "../policy/explain.ts";
import type { MachineId } from "../policy/policy.ts";
import type { NeedReason, Reason } from "../policy/reasons.ts";
import { figure, span } from "./figures.ts";

/** Why something was done to a machine, or what became of it: the policy's reason, or what the dispatcher saw. Times are in milliseconds. */
export type DecisionReason =
  | Reason
  /** The machine takes invocations from now on. */
  | { kind: "ready"; startMs: number; bindMs: number }
  /** The machine was started for one app, and another app got it. */
  | { kind: "lost"; app: string; why: NeedReason }
  /** The machine ended without the policy's command. */
  | { kind: "ended"; exit: Pick<MachineExit, "reason" | "detail"> };

type Clauses = { [Kind in DecisionReason["kind"]]: (reason: Extract<DecisionReason, { kind: Kind }>) => string };

const clauses: Clauses = {
  "calls-waiting": ({ waiting, slots }) =>
    slots === 0
      ? `${waiting} waiting, and it has no machine`
      : `${waiting} waiting, and all it has is taken: ${counted(figure(slots), "slot")}`,
  minimum: ({ machines }) => `it is to have ${counted(machines, "machine")} at least`,
  "call-expected": ({ withinMs }) => `a call is expected within ${span(withinMs)}`,
  forecast: ({ inFlight, slots, aheadMs, level, trend, deviation, has }) =>
    `${inFlight} in flight, ${figure(slots)} forecast for ${span(aheadMs)} from now ` +
    `(level ${figure(level)}, trend ${figure(trend)}, deviation ${figure(deviation)}), and it has ${counted(figure(has), "slot")}`,
  blanks: ({ wanted }) => `to keep ${counted(wanted, "blank")} ready`,
  "idle-fixed": ({ ms }) => `idle for ${ms} ms`,
  idle: ({ ms, others, holdCost, startCost, startsAgainMs }) => {
    const beside = others > 0 ? ` beside ${counted(others, "other")}` : "";
    const again = startsAgainMs === null ? "" : `; one is to be started again in ${span(startsAgainMs)}`;
    return `idle for ${span(ms)}${beside}; holding it costs ${figure(holdCost)} GB-seconds a second, a start that a caller waits for ${figure(startCost)} GB-seconds${again}`;
  },
  "blank-surplus": ({ ready, enough }) => `${counted(ready, "blank")} ready, and ${enough} would do`,
  "host-full": () => "another app waits and the host is full",
  "host-full-share": () => "another app has no machine and the host is full",
  drained: () => "drained",
  condemned: () => "condemned",
  "limits-changed": () => "its app has other limits",
  renewed: () => "its app has a newer version, or other secrets",
  superseded: () => "another revision took over",
  "app-removed": () => "its app was removed",
  "other-rule": ({ rule }) => rule,
  ready: ({ startMs, bindMs }) => `the start took ${startMs.toFixed(0)} ms, the bind ${bindMs.toFixed(0)} ms`,
  lost: ({ app, why }) => `app ${app} got it: ${clauseOfReason(why)}`,
  ended: ({ exit }) => clauseOf(exit),
};

/** A clause that can follow "killed: ". */
export function clauseOfReason(reason: DecisionReason): string {
  return (clauses[reason.kind] as (reason: DecisionReason) => string)(reason);
}

/** The same facts with the names of machines instead of their numbers. */
export function withNames(facts: AppFacts, nameOf: (machine: MachineId) => string): AppFacts<string> {
  const named = (machine: ExplainedMachine): ExplainedMachine<string> => ({ ...machine, machine: nameOf(machine.machine) });
  return { ...facts, machines: facts.machines.map(named) };
}

/** What the policy makes of an app now, a sentence each. Machines are named as `mayfly ps` names them. */
/** What the policy makes of an app's revisions now. Sentences say which revision they are about only if there are several. */
export function sentencesOfRevisions(revisions: readonly RevisionFacts[]): string[] {
  if (revisions.length === 1) return sentencesOfFacts(revisions[0] as RevisionFacts);
  return revisions.flatMap((facts) => [`Revision ${facts.revision}, with weight ${facts.weight}:`, ...sentencesOfFacts(facts)]);
}

export function sentencesOfFacts(facts: AppFacts<string>): string[] {
  const { learned } = facts;
  return [
    `${counted(facts.inFlight, "invocation")} in flight and ${facts.waiting} waiting, on ${counted(facts.bound, "machine")}, with ${facts.binding} more being bound.`,
    slotsSentence(facts),
    ...(learned === null ? [] : [demandSentence(learned, facts.minMachines), costsSentence(learned), idleSentence(learned)]),
    ...facts.machines.map((machine) => machineSentence(machine, facts)),
  ];
}

function slotsSentence({ slots, ceiling, learned }: AppFacts<string>): string {
  const each = `Each machine has ${counted(slots, "slot")}`;
  if (learned === null) return `${each}: its ceiling is ${ceiling}, and nothing is learned, as idleMs is set.`;
  if (learned.busyShare === null) return `${each} to begin with; its ceiling is ${ceiling}.`;
  return `${each}, as an invocation keeps the event loop busy for ${figure(100 * learned.busyShare)} % of its time in flight; its ceiling is ${ceiling}.`;
}

function demandSentence({ demand }: LearnedFacts, minMachines: number): string {
  return (
    `In ${span(demand.aheadMs)}, one start-up time, ${counted(figure(demand.expected), "invocation")} in flight expected, and room for ${figure(demand.margin)} more provided: ` +
    `that is ${counted(demand.machines, "machine")}. Kept at least: ${counted(minMachines, "machine")}.`
  );
}

function costsSentence({ costs }: LearnedFacts): string {
  const { memoryGb, idleCpu, hold, start, startWithWait, waitMs, waitWorth, breakEvenMs } = costs;
  const resting = idleCpu !== null && idleCpu > 0 ? `, and uses ${figure(100 * idleCpu)} % of a CPU with nothing to do` : "";
  return (
    `A machine holds ${figure(memoryGb)} GB${resting}: holding it costs ${figure(hold)} GB-seconds a second. A start costs ${figure(start)} GB-seconds, and ${figure(startWithWait)} ` +
    `when a caller waits ${span(waitMs)} for it, at ${figure(waitWorth)} GB-seconds a second (waitWorth). ` +
    `So ${breakEvenMs === null ? "for ever" : span(breakEvenMs)} of holding cost as much as a start.`
  );
}

function idleSentence({ idle }: LearnedFacts): string {
  const { times, holdMs, costs, start } = idle;
  const held = `for ${span(holdMs)}`;
  const fell = `It fell idle ${counted(times, "time")} so far`;
  if (costs === null) return `${fell}, too few to learn from: its last machine is held ${held}.`;
  const last = holdMs > 0 ? `the last machine is held ${held}` : "the last machine is killed at once";
  const next =
    start === null
      ? "the next one is started when it is called"
      : `one is started ${span(start.atMs)} after the last call, to be there until ${span(start.untilMs)} after it`;
  return `${fell}. Each time costs ${figure(costs.holding)} GB-seconds if a machine is always held, ${figure(costs.none)} if none is, and ${figure(costs.plan)} as it does: ${last}, and ${next}.`;
}

function machineSentence(facts: ExplainedMachine<string>, { slots, minMachines }: AppFacts<string>): string {
  const { machine, phase, inFlight, phaseMs, idleMs, keptForMinimum, nextLookMs } = facts;
  if (phase === "binding") return `Machine ${machine} is being bound since ${span(phaseMs)}.`;
  if (phase === "draining") return `Machine ${machine} gets no new work and is killed once what it has in flight (${inFlight}) is through.`;
  if (idleMs === null) return `Machine ${machine} has ${inFlight} of ${counted(slots, "slot")} taken.`;
  const idle = `Machine ${machine} is idle for ${span(idleMs)}`;
  if (keptForMinimum) return `${idle} and kept: the app is to have ${counted(minMachines, "machine")} at least.`;
  return nextLookMs === null ? `${idle}.` : `${idle}; whether it is kept is looked at again in ${span(nextLookMs)}.`;
}

/** What the policy makes of a revision, with its share of the app's calls. */
export interface RevisionFacts extends AppFacts<string> {
  /** The revision's id. */
  revision: string;
  weight: number;
}
