/** Lets so much work go on at a time; of what waits, the work of that tenant comes next of which least goes on. */
interface Waiting {
  tenant: string;
  begin: () => void;
}

export class TenantTurns {
  #atOnce: number;
  #running = 0;
  readonly #ofTenants = new Map<string, number>();
  /** In the order in which it came. */
  #waiting: Waiting[] = [];

  /** @param atOnce how much work goes on at a time */
  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** Resolves or rejects as the work does. */
  async take(tenant: string, work: () => Promise<void>): Promise<void> {
    if (this.#running < this.#atOnce) this.#begin(tenant);
    else await new Promise<void>((resolve) => this.#waiting.push({ tenant, begin: resolve }));
    try {
      await work();
    } finally {
      this.#end(tenant);
    }
  }

  /** From now on nothing waits. */
  open(): void {
    this.#atOnce = Infinity;
    for (const { tenant, begin } of this.#waiting.splice(0)) {
      this.#begin(tenant);
      begin();
    }
  }

  #begin(tenant: string): void {
    this.#running += 1;
    this.#ofTenants.set(tenant, this.#of(tenant) + 1);
  }

  #end(tenant: string): void {
    this.#running -= 1;
    if (this.#of(tenant) === 1) this.#ofTenants.delete(tenant);
    else this.#ofTenants.set(tenant, this.#of(tenant) - 1);
    const next = this.#next();
    if (next === undefined) return;
    this.#begin(next.tenant);
    next.begin();
  }

  #next(): Waiting | undefined {
    let best = 0;
    for (const [at, { tenant }] of this.#waiting.entries()) if (this.#of(tenant) < this.#of(this.#waiting[best]!.tenant)) best = at;
    return this.#waiting.splice(best, 1)[0];
  }

  #of(tenant: string): number {
    return this.#ofTenants.get(tenant) ?? 0;
  }
}
