/**
 * The apps that have machines, or are about to: whoever had a call in flight at any moment is among them. For those who outlive this process and
 * have to say whose calls were lost. Calls cost nothing here, only machines do: an app that has lost its last one is found out when any machine goes.
 */
export class Serving {
  readonly #tell: (app: string, serves: boolean) => void;
  readonly #apps = new Set<string>();

  constructor(tell: (app: string, serves: boolean) => void) {
    this.#tell = tell;
  }

  /** A machine is started for the app, or given to it. */
  begins(app: string): void {
    if (this.#apps.has(app)) return;
    this.#apps.add(app);
    this.#tell(app, true);
  }

  /** A machine is gone. @param left machines and invocations that there are now */
  look(...left: Iterable<{ app: string | null }>[]): void {
    const serving = new Set(left.flatMap((those) => Array.from(those, ({ app }) => app)));
    for (const app of this.#apps) {
      if (serving.has(app)) continue;
      this.#apps.delete(app);
      this.#tell(app, false);
    }
  }
}
