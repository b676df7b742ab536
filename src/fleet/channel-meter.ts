/** Counts what a machine's channel carries, from the counters that its socket has. */
import type { Duplex } from "node:stream";
import type { Socket } from "node:net";

export class ChannelMeter {
  readonly #channel: Duplex & Partial<Pick<Socket, "bytesRead" | "bytesWritten">>;
  #to = 0;
  #from = 0;

  /** @param channel one that is no socket counts as silent */
  constructor(channel: Duplex) {
    this.#channel = channel;
  }

  /** Tells the bytes since the last call, if there were any. */
  tell(carried: (toMachine: number, fromMachine: number) => void): void {
    const { bytesWritten: to = 0, bytesRead: from = 0 } = this.#channel;
    if (to === this.#to && from === this.#from) return;
    const [more, back] = [Math.max(0, to - this.#to), Math.max(0, from - this.#from)];
    [this.#to, this.#from] = [to, from];
    carried(more, back);
  }
}
