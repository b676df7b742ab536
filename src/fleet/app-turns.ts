/** Turns by app: the clones of an app wait for each other, however long its code takes, and for no other app's. */
import { StartTurns } from "./start-turns.ts";

export class AppTurns {
  readonly #atOnce: number;
  /** Those of the apps with machines that have a turn or wait for one, and how many these are. */
  readonly #apps = new Map<string, { turns: StartTurns; machines: number }>();

  /** @param atOnce how many machines of an app may have a turn at the same time */
  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** Resolves in the order of the app's calls. Returns a function that gives the turn back, to be called once. */
  async take(app: string): Promise<() => void> {
    const own = this.#apps.get(app) ?? { turns: new StartTurns(this.#atOnce), machines: 0 };
    this.#apps.set(app, own);
    own.machines += 1;
    const release = await own.turns.take();
    return () => {
      release();
      own.machines -= 1;
      if (own.machines === 0) this.#apps.delete(app);
    };
  }
}
