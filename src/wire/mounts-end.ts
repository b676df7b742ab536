/**
 * The host's end of the channel of a machine's mounts, on which the guest's carrier connects to servers: Connect streams and nothing else.
 *
 * Owns: the reading and writing of the channel, but not the channel itself, which ends with its machine.
 * 1. The guest is assumed to be hostile, as at its other channel.
 * 2. `dead` is reported once at most, and not after close().
 */
import type { Duplex } from "node:stream";
import { type Clock, systemClock } from "../base/clock/clock.ts";
import { guarded } from "../base/errors/guarded.ts";
import { EgressStreams } from "./egress-streams.ts";
import { FloodGuard } from "./flood-guard.ts";
import { FrameReader } from "./frame-reader.ts";
import { fromCarrier } from "./frame-rules.ts";
import type { HostEndEvents } from "./host-end.ts";
import { Link } from "./link.ts";
import { FrameType } from "./protocol.ts";

export interface MountsEnd {
  /** Changes with every frame in either direction. */
  readonly traffic: number;
  /** Stops reading and writing, and ends all connections. */
  close(): void;
}

/** `dead` is called when the channel is over, or the guest broke the protocol. */
type MountsEndEvents = Pick<HostEndEvents, "connect" | "dead">;

/** @param channel is read from now on */
export function openMountsEnd(channel: Duplex, events: MountsEndEvents, clock: Clock = systemClock): MountsEnd {
  return new ChannelMountsEnd(channel, events, clock);
}

class ChannelMountsEnd implements MountsEnd {
  readonly #channel: Duplex;
  readonly #events: MountsEndEvents;
  readonly #reader: FrameReader;
  readonly #link: Link;
  readonly #streams: EgressStreams;
  readonly #flood: FloodGuard;
  readonly #now: () => number;
  #heard = 0;
  #over = false;

  constructor(channel: Duplex, events: MountsEndEvents, clock: Clock) {
    this.#channel = channel;
    this.#events = events;
    this.#now = () => clock.now();
    this.#reader = new FrameReader(fromCarrier, (type, flags, stream, payload) => this.#onFrame(type, flags, stream, payload));
    this.#link = new Link(channel, (what) => this.#die(what, true));
    this.#streams = new EgressStreams(this.#link, { connect: events.connect }, clock);
    this.#flood = new FloodGuard(clock.now());
    channel.on("data", this.#onData);
    channel.on("end", this.#onEnd);
    channel.on("close", this.#onEnd);
    // It stays, because a destroyed channel may still report an error.
    channel.on(
      "error",
      guarded((error: Error) => this.#die(`the channel of mounts failed: ${error.message}`, false), this.#failed),
    );
  }

  get traffic(): number {
    return this.#heard + this.#link.writer.position;
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#channel.off("data", this.#onData);
    this.#channel.off("end", this.#onEnd);
    this.#channel.off("close", this.#onEnd);
    this.#channel.pause();
    this.#reader.stop();
    this.#streams.close();
    this.#link.close();
  }

  readonly #failed = (error: unknown) => this.#die(`the host failed at what its mounts sent: ${String(error)}`, true);

  readonly #onData = guarded((chunk: Buffer) => {
    const wrong = this.#reader.push(chunk);
    if (wrong !== null) this.#die(wrong, true);
  }, this.#failed);

  readonly #onEnd = guarded(() => this.#die("the channel of mounts ended", false), this.#failed);

  #onFrame(type: number, flags: number, stream: number, payload: Buffer): void {
    this.#heard += 1;
    if (this.#flood.count(this.#now)) return this.#die("its mounts flood the host with frames", true);
    switch (type) {
      case FrameType.Data:
        return this.#streams.onData(stream, flags, payload);
      case FrameType.Credit:
        return this.#streams.onCredit(stream, payload.readUInt32LE(0));
      case FrameType.Connect:
        return this.#streams.onConnect(stream, payload);
      case FrameType.Reset:
        return this.#streams.onReset(stream);
    }
  }

  #die(reason: string, violation: boolean): void {
    if (this.#over) return;
    this.close();
    this.#events.dead(reason, violation);
  }
}
