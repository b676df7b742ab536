/** Room within what an app may have whose calls are kept apart by keys: the app's own machines make it, whatever room the host has. */
import type { PolicyCommand } from "../policy.ts";
import { isPausing } from "./blanks.ts";
import { drainMachine, killMachine } from "./machines.ts";
import { type AppState, machinesOf, type MachineEntry, type PackingState, type RevisionState } from "./packing-state.ts";
import { isKept } from "./wanted.ts";

/**
 * For a key whose calls wait for its first machine while the app has as many as it may: the machine of the app that is idle for longest is killed; or else one is
 * drained of the key that has most, if that has at least two. One at a time for each app, because what leaves makes room.
 */
export function makeRoomInApps(state: PackingState, now: number, commands: PolicyCommand[]): void {
  let seen: Set<AppState> | undefined;
  for (const name of state.hungry) {
    const revision = state.revisions.get(name) as RevisionState;
    const { app } = revision;
    if (revision.limits.apart === undefined || seen?.has(app) === true || !lacksOnlyRoom(revision, now)) continue;
    seen = (seen ?? new Set<AppState>()).add(app);
    const revisions = app.revisions.map((id) => state.revisions.get(id) as RevisionState);
    const [idlest] = idleOnes(state, revisions, false) ?? idleOnes(state, revisions, true) ?? [];
    if (idlest !== undefined) killMachine(state, idlest, { kind: "apart-full" }, commands);
    else drainOfTheRichest(state, revisions, commands);
  }
}

/** Whether the revision would be given its first machine if its app had less. */
function lacksOnlyRoom({ app, limits, waiting, failures, bound, binding }: RevisionState, now: number): boolean {
  return waiting > 0 && bound + binding === 0 && app.machines >= limits.maxMachines && !isPausing(failures, now);
}

/** The one that is idle for longest first; undefined if there is none. @param kept whether those are meant that an app keeps though nobody calls */
function idleOnes(state: PackingState, revisions: RevisionState[], kept: boolean): MachineEntry[] | undefined {
  const idle = revisions.filter((each) => isKept(each) === kept).flatMap((each) => machinesOf(state, each).filter(isIdle));
  return idle.length === 0 ? undefined : idle.toSorted((a, b) => a.idleSince - b.idleSince || a.id - b.id);
}

function isIdle({ phase, idleSince }: MachineEntry): boolean {
  return phase === "bound" && idleSince >= 0;
}

function drainOfTheRichest(state: PackingState, revisions: RevisionState[], commands: PolicyCommand[]): void {
  const [most] = revisions.toSorted((a, b) => b.bound - a.bound);
  if (most === undefined || most.bound < 2) return;
  const bound = machinesOf(state, most).filter(({ phase }) => phase === "bound");
  const [victim] = bound.toSorted((a, b) => a.inFlight - b.inFlight || a.id - b.id);
  if (victim !== undefined) drainMachine(state, victim, { kind: "apart-full" }, commands);
}
