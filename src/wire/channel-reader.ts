/**
 * Reads one channel of a machine: cuts what comes into frames, and reports once that the channel is over.
 *
 * Owns: the reading of the channel, but not the channel itself, which ends with its machine.
 * 1. Nothing that the guest sends can make this throw: an error of the host's own code on these bytes ends the machine, too.
 * 2. After close() no frame is passed on and nothing is reported.
 */
import type { Duplex } from "node:stream";
import { guarded } from "../base/errors/guarded.ts";
import { type FrameHandler, FrameReader, type HeadedFrames } from "./frame-reader.ts";
import type { FrameRules } from "./frame-rules.ts";

interface ChannelReaderParts {
  /** What the guest may send. */
  rules: FrameRules;
  /** The channel in sentences: "the channel". */
  name: string;
  frame: FrameHandler;
  headed?: HeadedFrames;
  /** @param violation whether the guest broke the protocol */
  over: (reason: string, violation: boolean) => void;
}

export class ChannelReader {
  readonly #channel: Duplex;
  readonly #parts: ChannelReaderParts;
  readonly #reader: FrameReader;
  #closed = false;

  /** @param channel is read from now on */
  constructor(channel: Duplex, parts: ChannelReaderParts) {
    this.#channel = channel;
    this.#parts = parts;
    this.#reader = new FrameReader(parts.rules, parts.frame, parts.headed);
    channel.on("data", this.#onData);
    channel.on("end", this.#onEnd);
    channel.on("close", this.#onEnd);
    // This listener stays, because a destroyed channel may still report an error, and nobody else listens for it.
    channel.on("error", this.#onError);
  }

  close(): void {
    this.#closed = true;
    this.#channel.off("data", this.#onData);
    this.#channel.off("end", this.#onEnd);
    this.#channel.off("close", this.#onEnd);
    this.#channel.pause();
    this.#reader.stop();
  }

  readonly #failed = (error: unknown) => this.#over(`the host failed at what came on ${this.#parts.name}: ${String(error)}`, true);

  readonly #onData = guarded((chunk: Buffer) => {
    const wrong = this.#reader.push(chunk);
    if (wrong !== null) this.#over(wrong, true);
  }, this.#failed);

  readonly #onEnd = guarded(() => this.#over(`${this.#parts.name} ended`, false), this.#failed);
  readonly #onError = guarded((error: Error) => this.#over(`${this.#parts.name} failed: ${error.message}`, false), this.#failed);

  #over(reason: string, violation: boolean): void {
    if (!this.#closed) this.#parts.over(reason, violation);
  }
}
