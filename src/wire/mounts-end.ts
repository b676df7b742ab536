/**
 * The host's end of the channel of a machine's mounts, on which the guest's carrier connects to servers: Connect streams and nothing else.
 *
 * Owns: the reading and writing of the channel, but not the channel itself, which ends with its machine.
 * 1. The guest is assumed to be hostile, as at its other channel.
 * 2. `dead` is reported once at most, and not after close().
 */
import type { Duplex } from "node:stream";
import { type Clock, systemClock } from "../base/clock/clock.ts";
import { ChannelReader } from "./channel-reader.ts";
import { EgressStreams } from "./egress-streams.ts";
import { FloodGuard } from "./flood-guard.ts";
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
  readonly #events: MountsEndEvents;
  readonly #reader: ChannelReader;
  readonly #link: Link;
  readonly #streams: EgressStreams;
  readonly #flood: FloodGuard;
  readonly #now: () => number;
  #heard = 0;
  #over = false;

  constructor(channel: Duplex, events: MountsEndEvents, clock: Clock) {
    this.#events = events;
    this.#now = () => clock.now();
    this.#link = new Link(channel, (what) => this.#die(what, true));
    this.#streams = new EgressStreams(this.#link, { connect: events.connect }, clock);
    this.#flood = new FloodGuard(clock.now());
    this.#reader = new ChannelReader(channel, {
      rules: fromCarrier,
      name: "the channel of mounts",
      frame: (type, flags, stream, payload) => this.#onFrame(type, flags, stream, payload),
      over: (reason, violation) => this.#die(reason, violation),
    });
  }

  get traffic(): number {
    return this.#heard + this.#link.writer.position;
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#reader.close();
    this.#streams.close();
    this.#link.close();
  }

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
