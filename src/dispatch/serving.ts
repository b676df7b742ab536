/**
 * Keeps the set of apps that have machines or are about to get one, which includes every app with a call in flight. The supervisor, which
 * outlives this process, needs it to say whose calls were lost. Calls cost nothing here; that an app has lost its last machine is found out
 * when any machine ends.
 */
export class Serving {
  readonly #tell: (app: string, serves: boolean) => void;
  readonly #apps = new Set<string>();

  constructor(tell: (app: string, serves: boolean) => void) {
    this.#tell = tell;
  }

  /** Called when a machine is started for the app, or given to it. */
  begins(app: string): void {
    if (this.#apps.has(app)) return;
    this.#apps.add(app);
    this.#tell(app, true);
  }

  /** Called when a machine has ended. @param left the machines and invocations that exist now */
  look(...left: Iterable<{ app: string | null }>[]): void {
    const serving = new Set(left.flatMap((those) => Array.from(those, ({ app }) => app)));
    for (const app of this.#apps) {
      if (serving.has(app)) continue;
      this.#apps.delete(app);
      this.#tell(app, false);
    }
  }
}
