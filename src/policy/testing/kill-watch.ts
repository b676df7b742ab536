/** For tests: fails if a machine that was killed to save its cost is started again before holding it would have cost as much as a start. */
import assert from "node:assert/strict";
import { idleCosts, blankGb } from "../core/costs.ts";
import type { PolicyCommand } from "../policy.ts";
import type { Watch } from "./histories.ts";
import type { World } from "./packing-world.ts";

interface Kill {
  at: number;
  /** ms for which holding costs as much as a start. */
  breakEvenMs: number;
  text: string;
}

/** Events that follow from earlier commands and say nothing new of what is needed. */
const FOLLOWING = new Set(["tick", "blank", "bound", "exit"]);

export class KillWatch implements Watch {
  readonly #world: World;
  #seen: number;
  #startsOfBlanks: Kill[] = [];
  #kills = new Map<string, Kill[]>();
  readonly #revisions = new Map<number, string | null>();

  constructor(world: World) {
    this.#world = world;
    this.#seen = world.events.length;
  }

  look(): void {
    const { events } = this.#world;
    for (; this.#seen < events.length; this.#seen++) {
      const { now, event, commands } = events[this.#seen] as World["events"][number];
      if (!FOLLOWING.has(event.type)) {
        this.#kills.clear();
        this.#startsOfBlanks = [];
      }
      for (const command of commands) this.#take(now, command);
    }
  }

  #take(now: number, command: PolicyCommand): void {
    const { state } = this.#world;
    if (command.type === "start") {
      this.#revisions.set(command.machine, null);
      for (const kill of this.#startsOfBlanks) this.#check(kill, now, JSON.stringify(command.why));
    } else if (command.type === "bind") {
      this.#revisions.set(command.machine, command.revision);
      for (const kill of this.#kills.get(command.revision) ?? []) this.#check(kill, now, JSON.stringify(command.why));
    } else if (command.type === "kill") {
      const name = this.#revisions.get(command.machine);
      const revision = state.revisions.get(name ?? "");
      if (revision === undefined) {
        const start = (state.options.cpuWorth + blankGb(state)) * state.times.startMs;
        this.#startsOfBlanks.push({ at: now, breakEvenMs: start / blankGb(state), text: JSON.stringify(command.why) });
      } else {
        // From now on a start may be planned that was not planned when blanks were killed before.
        this.#startsOfBlanks = [];
        const { hold, start } = idleCosts(state, revision);
        const kills = this.#kills.get(revision.id) ?? [];
        kills.push({ at: now, breakEvenMs: (start / hold) * 1_000, text: JSON.stringify(command.why) });
        this.#kills.set(revision.id, kills);
        if (revision.preStart !== null && revision.preStart.at > now) this.#check(kills.at(-1) as Kill, revision.preStart.at, "plan");
      }
    }
  }

  #check({ at, breakEvenMs, text }: Kill, now: number, why: string): void {
    assert.ok(
      now - at >= breakEvenMs * (1 - 1e-9),
      `killed at ${at} (${text}) and replaced ${now - at} ms later (${why}), though ${breakEvenMs} ms of holding cost a start`,
    );
  }
}
