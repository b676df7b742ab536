/**
 * For tests: fails if a revision's last machine is killed at another time than its explanation said, or if it is killed before holding it has cost as much as
 * a start though hardly any longer idle time of the revision is known.
 */
import assert from "node:assert/strict";
import { ENOUGH_TIMES } from "../constants.ts";
import { idleCosts } from "../core/costs.ts";
import { explainApp } from "../explain.ts";
import { timesBeyond } from "../rules/idle-times.ts";
import type { Watch } from "./histories.ts";
import type { World } from "./packing-world.ts";

interface Said {
  saidAt: number;
  killAt: number;
}

export class CourseWatch implements Watch {
  readonly #world: World;
  #seen: number;
  /** What the explanation said of each idle revision with one machine, by the id of the revision. */
  readonly #said = new Map<string, Said>();
  /** Number of kills that were compared with an explanation. */
  checked = 0;

  constructor(world: World) {
    this.#world = world;
    this.#seen = world.events.length;
  }

  look(): void {
    const { events } = this.#world;
    for (; this.#seen < events.length; this.#seen++) {
      const { now, event, commands } = events[this.#seen] as World["events"][number];
      // Any other event may be a reason to decide anew. A bind is one, because it changes how often callers are taken to wait for a start.
      if (event.type !== "tick" || commands.some(({ type }) => type === "start" || type === "bind")) this.#said.clear();
      for (const command of commands)
        if (command.type === "kill" && command.why.kind === "idle" && command.why.others === 0)
          this.#checkKill(command.machine, now, command.why.ms);
    }
    for (const revision of this.#world.revisions.keys()) this.#listen(revision);
  }

  #checkKill(machine: number, now: number, idleMs: number): void {
    const revision = this.#world.state.revisions.get(this.#world.state.machines[machine]?.revision ?? "");
    if (revision === undefined || revision.idleSince < 0) return;
    const { hold, miss } = idleCosts(this.#world.state, revision);
    const breakEvenMs = (miss / hold) * 1_000;
    const elapsed = now - revision.idleSince;
    const longer = [revision.idleTimes, revision.periods].map((times) => timesBeyond(times, elapsed).seen);
    assert.ok(
      elapsed >= breakEvenMs - 2 || longer.some((count) => count >= ENOUGH_TIMES),
      `killed after ${idleMs} ms: ${breakEvenMs} ms of holding cost a start, and only ${longer.join(" and ")} longer times are known`,
    );
    const said = this.#said.get(revision.id);
    this.#said.delete(revision.id);
    if (said === undefined) return;
    this.checked++;
    assert.ok(Math.abs(said.killAt - now) < 2, `killed at ${now}; at ${said.saidAt} it was said to be held until ${said.killAt}`);
  }

  #listen(name: string): void {
    const { state, now } = this.#world;
    const revision = state.revisions.get(name);
    if (revision === undefined || revision.idleSince < 0 || revision.bound !== 1 || revision.binding > 0) return;
    const before = this.#said.get(name);
    const holdMs = explainApp(state, name, now)?.learned?.idle.holdMs ?? 0;
    const said = { saidAt: now, killAt: revision.idleSince + holdMs };
    if (before !== undefined)
      assert.ok(
        Math.abs(before.killAt - said.killAt) < 2,
        `at ${before.saidAt} it was said to be held until ${before.killAt}, at ${now} until ${said.killAt}`,
      );
    assert.ok(said.killAt > now - 2, `it should have been killed at ${said.killAt}, and is there at ${now}`);
    this.#said.set(name, said);
  }
}
