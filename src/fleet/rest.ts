/**
 * A blank's rest: the machine rehearses its first bind and invocation, and is then stopped, so that it uses no CPU. A blank that an
 * invocation waits for is bound before that. One that was roused, and then not needed, is stopped again, and rehearses nothing.
 */
import { agentOf, type RuntimeName } from "../base/kind/machine-kind.ts";
import type { HostEnd } from "../wire/host-end.ts";
import type { Machine } from "../machines/driver.ts";
import { rehearse } from "../machines/rehearsal/rehearsal.ts";

export class Rest {
  readonly #machine: Machine;
  readonly #end: HostEnd;
  readonly #runtime: RuntimeName;
  #asleep: Promise<void> | null = null;
  #hasRehearsed = false;

  constructor(machine: Machine, end: HostEnd, runtime: RuntimeName) {
    this.#machine = machine;
    this.#end = end;
    this.#runtime = runtime;
  }

  /** Resolves when the machine is stopped. Further calls return the same promise. */
  lieDown(): Promise<void> {
    this.#asleep ??= this.#rehearsed().then(() => this.#machine.stop());
    return this.#asleep;
  }

  async #rehearsed(): Promise<void> {
    if (!this.#hasRehearsed) await rehearse(this.#end, agentOf(this.#runtime));
    this.#hasRehearsed = true;
  }

  /** Resolves when the machine runs, with whether it had rested; a machine that rested must be told the time. */
  async getUp(): Promise<boolean> {
    if (this.#asleep === null) return false;
    await this.#asleep;
    this.#asleep = null;
    await this.#machine.cont();
    return true;
  }
}
