/** Carries out the tasks that move messages from one queue to another: a part at a time, and no faster than they say. */
import type { Clock } from "../../base/clock/clock.ts";
import type { GroupCommit } from "../../store/group-commit/group-commit.ts";
import type { MoveTask } from "./queue.ts";
import type { QueueOperations } from "./store/engine.ts";

export interface MoverOptions {
  commit: Pick<GroupCommit<QueueOperations>, "run">;
  clock: Clock;
  wake: (queue: number) => void;
  onFailure: (error: unknown) => void;
}

/** Messages of one part of a task that has no limit. */
const PART = 500;
/** Between two parts of a task that has a limit, milliseconds. */
const PAUSE_MS = 100;
/** After a part that failed, for example because the disk is full, milliseconds. */
const AGAIN_MS = 5_000;

export class Mover {
  readonly #options: MoverOptions;
  readonly #timers = new Set<() => void>();
  #isClosed = false;

  constructor(options: MoverOptions) {
    this.#options = options;
  }

  /** Begins a task, or goes on with one that an earlier server began. */
  begin({ id, perSecond }: Pick<MoveTask, "id" | "perSecond">): void {
    this.#part(id, perSecond, 0).catch((error: unknown) => this.#options.onFailure(error));
  }

  close(): void {
    this.#isClosed = true;
    for (const stop of this.#timers) stop();
  }

  /** @param allowed how many messages may be moved by now, with a fraction, of a task that has a limit */
  async #part(id: string, perSecond: number | null, allowed: number): Promise<void> {
    if (this.#isClosed) return;
    const { commit, clock, wake, onFailure } = this.#options;
    const budget = perSecond === null ? PART : Math.min(allowed + (perSecond * PAUSE_MS) / 1_000, Math.max(1, perSecond));
    const most = Math.min(PART, Math.floor(budget));
    let pause = perSecond === null ? 0 : PAUSE_MS;
    let moved = 0;
    if (most > 0) {
      try {
        const some = await commit.run("moveSome", { id, most, now: clock.wall() });
        if (some === null) return;
        for (const queue of some.woken) wake(queue);
        if (some.task.state !== "running") return;
        moved = most;
      } catch (error) {
        onFailure(error);
        pause = AGAIN_MS;
      }
    }
    const stop = clock.after(pause, () => {
      this.#timers.delete(stop);
      this.#part(id, perSecond, budget - moved).catch(onFailure);
    });
    this.#timers.add(stop);
  }
}
