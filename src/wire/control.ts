/**
 * The messages about the machine itself: Hello, Resume and Ready, Bind and Bound, Ping and Pong.
 *
 * 1. Every answer from the guest must match a question that waits for it; any other answer is a violation.
 * 2. When the connection ends, the questions that still wait are rejected.
 */
import type { BindMessage, ReadyMessage, ResumeExtras, ResumeMessage } from "./protocol.ts";
import type { BindCode } from "./host-end.ts";
import type { Link } from "./link.ts";
import type { Clock } from "../base/clock/clock.ts";
import { MayflyError } from "../base/errors/error.ts";
import { BodySender } from "./body-sender.ts";
import { boundSchema, helloSchema, parseMessage, readySchema } from "./messages.ts";
import { FrameType, HEADER_BYTES, Limit, PROTOCOL_VERSION } from "./protocol.ts";

interface Question<T> {
  resolve(answer: T): void;
  reject(error: Error): void;
}

interface BindQuestion extends Question<void> {
  stream: number;
  app: string;
  function: string;
}

export class Control {
  readonly #link: Link;
  readonly #clock: Clock;
  /** Ends the connection with an error that does not blame the guest. */
  readonly #giveUp: (error: MayflyError) => void;
  #helloCame = false;
  #resumeAfterHello: (() => void) | null = null;
  #resume: Question<ReadyMessage> | null = null;
  #bind: BindQuestion | null = null;
  /** Called when the channel has taken the code that it was given so far, and when the connection ends. */
  #onCodeTaken = () => {};
  #ping: (Question<number> & { sent: Buffer; at: number }) | null = null;
  #pings = 0;
  #over: Error | null = null;

  constructor(link: Link, clock: Clock, giveUp: (error: MayflyError) => void) {
    this.#link = link;
    this.#clock = clock;
    this.#giveUp = giveUp;
  }

  resume(now: number, entropy: Buffer, machine: string, fresh: boolean, extras: ResumeExtras): Promise<ReadyMessage> {
    return this.#ask<ReadyMessage>((question) => {
      this.#resume = question;
      const protocol = { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION };
      const message: ResumeMessage = {
        protocol,
        now,
        entropy: entropy.toString("base64"),
        machine,
        trailers: true,
        ...extras,
      };
      // Resume is sent before the frames that are held for a stopped machine, so that nothing runs in it before it knows the time.
      const send = () => this.#link.writer.ahead(FrameType.Resume, message);
      if (!fresh || this.#helloCame) send();
      else this.#resumeAfterHello = send;
    });
  }

  bind(stream: number, message: BindMessage, code: BindCode): Promise<void> {
    return this.#ask<void>((question) => {
      const json = Buffer.from(JSON.stringify(message));
      const bytes = bytesThatFollow(message);
      if (4 + json.length > Limit.payload) throw new MayflyError("bad-manifest", { file: "mayfly.json", what: tooMuchEnvironment });
      if (bytes > Limit.code) throw new MayflyError("code-too-large", { bytes, limit: Limit.code });
      const asked = { ...question, stream, app: message.app, function: message.preload ?? "*" };
      this.#bind = asked;
      this.#sendBind(asked, json, bytes, code).catch((error: unknown) => this.#bindFailed(asked, error));
    });
  }

  /** The round trip, in milliseconds. */
  ping(): Promise<number> {
    return this.#ask<number>((question) => {
      const sent = Buffer.alloc(8);
      sent.writeUInt32LE((this.#pings += 1));
      this.#ping = { ...question, sent, at: this.#clock.now() };
      this.#link.writer.frame(FrameType.Ping, 0, 0, sent);
    });
  }

  onHello(payload: Buffer): void {
    const hello = parseMessage(helloSchema, payload);
    if (hello === undefined || this.#helloCame) return this.#link.violate("a Hello that is malformed or not the first");
    this.#helloCame = true;
    const { min, max } = hello.protocol;
    if (min > PROTOCOL_VERSION || max < PROTOCOL_VERSION) return this.#refuse(min === max ? `${min}` : `${min} to ${max}`);
    this.#resumeAfterHello?.();
    this.#resumeAfterHello = null;
  }

  onReady(payload: Buffer): void {
    const ready = parseMessage(readySchema, payload);
    const question = this.#resume;
    if (ready === undefined || question === null) return this.#link.violate("a Ready that is malformed or was not asked for");
    // A clone sends no Hello, so its Ready is the first to say which version its agent speaks.
    if (ready.protocol !== PROTOCOL_VERSION) return this.#refuse(`${ready.protocol}`);
    this.#resume = null;
    this.#link.guestTakesTrailers = ready.trailers === true;
    question.resolve(ready);
  }

  onBound(stream: number, payload: Buffer): void {
    const bound = parseMessage(boundSchema, payload);
    const question = this.#bind;
    if (bound === undefined || question?.stream !== stream) return this.#link.violate("a Bound that is malformed or was not asked for");
    this.#bind = null;
    if (bound.ok) question.resolve();
    else question.reject(refusedBind(question, bound.message));
  }

  onPong(payload: Buffer): void {
    const question = this.#ping;
    if (question === null || !question.sent.equals(payload)) return this.#link.violate("a Pong that was not asked for");
    this.#ping = null;
    question.resolve(this.#clock.now() - question.at);
  }

  close(error: Error): void {
    this.#over = error;
    for (const question of [this.#resume, this.#bind, this.#ping]) question?.reject(error);
    this.#resume = this.#bind = this.#ping = null;
    this.#onCodeTaken();
  }

  /** @param spoken the version that the agent speaks, or its range of versions */
  #refuse(spoken: string): void {
    this.#giveUp(new MayflyError("protocol-version-mismatch", { agent: spoken, host: PROTOCOL_VERSION }));
  }

  #ask<T>(send: (question: Question<T>) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#over !== null) throw this.#over;
      send({ resolve, reject });
    });
  }

  /** Stops where the guest has answered already, or the connection has ended. @param bytes that the message announces */
  async #sendBind(asked: BindQuestion, json: Buffer, bytes: number, code: BindCode): Promise<void> {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(json.length);
    this.#link.writer.frame(FrameType.Bind, 0, asked.stream, Buffer.concat([head, json]));
    const sender = new BodySender(this.#link, asked.stream, { drain: () => this.#onCodeTaken() }, Infinity);
    let left = bytes;
    for await (const part of code) {
      if (this.#bind !== asked) return sender.close();
      left -= part.byteLength;
      const taken = new Promise<void>((resolve) => (this.#onCodeTaken = resolve));
      if (!sender.write(Buffer.from(part.buffer, part.byteOffset, part.byteLength))) await taken;
    }
    if (this.#bind !== asked) return sender.close();
    if (left !== 0) throw new Error(`the code has ${bytes - left} bytes, and ${bytes} were announced`);
    sender.end();
  }

  /** The guest has not run any of the code, because the end of it was not sent. */
  #bindFailed(asked: BindQuestion, error: unknown): void {
    if (this.#bind !== asked) return;
    this.#bind = null;
    asked.reject(error as Error);
  }
}

/** An agent refuses a source that it does not know, and nothing follows for it. */
function bytesThatFollow({ functions, files }: BindMessage): number {
  const ofFiles = files?.type === "frames" ? files.list + files.bytes : 0;
  return functions.reduce((sum, { source }) => sum + (source.type === "frames" ? source.bytes : 0), ofFiles);
}

const tooMuchEnvironment = `env, secrets and functions together take over ${Limit.payload - HEADER_BYTES} bytes`;

function refusedBind(question: BindQuestion, message: string): MayflyError {
  return new MayflyError("function-load-failed", { app: question.app, function: question.function }, new Error(message));
}
