/**
 * The guest agent: it answers the host, in the order of a machine's life (docs/guest-protocol.md).
 *
 * Owns: the connection, and what the machine is bound to.
 * 1. Before Bind, only mayfly:warm and functions of a rehearsal are answered; after it, only the app's functions.
 * 2. A machine is bound once. Rehearsals go the same way, and are forgotten at the next Bind.
 * 3. From the Bound of a snapshot to the Resume that follows, nothing is sent: a clone's host would see only the end of a frame that was under way.
 */
import {
  type BindMessage,
  type BoundMessage,
  FrameType,
  LogLevel,
  PROTOCOL_VERSION,
  REHEARSAL_APP,
  ResetCode,
} from "../../wire/protocol.ts";
import { type ResumeMessage, WARM_FUNCTION } from "../../wire/protocol.ts";
import { App } from "./app.ts";
import { type Channel, openChannel } from "./channel.ts";
import { Binding } from "../runtimes/node/code/binding.ts";
import { SourceMaps } from "../runtimes/node/code/source-maps.ts";
import { Connection } from "./connection.ts";
import { taskRoot } from "./files/task-root.ts";
import { inspectAt, openInspector } from "./inspect.ts";
import { mountAll, MountError } from "./mounts/mount-all.ts";
import { captureNetwork } from "../net/network.ts";
import { serveProgramsNetwork } from "../net/programs/programs-network.ts";
import { setEnvironment } from "./environment.ts";
import { Failures, firstLine } from "./invocation/failures.ts";
import { Invocation } from "./invocation/invocation.ts";
import { captureUncaught } from "./invocation/uncaught.ts";
import { captureOutput } from "./log/capture.ts";
import { installAwsLambda } from "../runtimes/node/lambda/lambda-style.ts";
import { describe } from "./log/describe.ts";
import { Log } from "./log/log.ts";
import { rehearseDrop } from "./resume/drawn-ahead.ts";
import { installMathRandom } from "./resume/math-random.ts";
import { installTimeOrigin } from "./resume/time-origin.ts";
import { AGENT_VERSION, resume } from "./resume/resume.ts";
import { SnapshotHooks } from "./snapshot/hooks.ts";
import { Stats } from "./stats.ts";
import { leave, misunderstood } from "./leave.ts";
import { captureExit, machineEnder } from "./user-exit.ts";
import { WarmUp } from "./warm/warm-up.ts";
import { installWebClasses } from "../runtimes/node/web/install.ts";
import type { AgentParts } from "../runtimes/runtime.ts";
import type { Permission } from "../net/permission.ts";

/** The most characters of the message in a Bound, which is JSON of at most Limit.json bytes, in which a character may take six. */
const MESSAGE_CHARACTERS = 8_192;

export function startAgent(): void {
  installMathRandom();
  installTimeOrigin();
  installWebClasses();
  installAwsLambda();
  new Agent().hello();
}

class Agent {
  readonly #channel: Channel;
  readonly #connection: Connection;
  readonly #sourceMaps = new SourceMaps();
  readonly #log: Log;
  readonly #failures: Failures;
  readonly #stats: Stats;
  readonly #warmUp: WarmUp;
  readonly #onClosed = () => this.#stats.ended();
  readonly #permission: Permission = { egress: false };
  readonly #hooks = new SnapshotHooks();
  /** Whether the machine is bound for good, or a Bind is under way. */
  #binding = false;
  #app: App | null = null;

  constructor() {
    this.#channel = openChannel((bytes) => this.#connection.receive(bytes));
    this.#connection = new Connection(this.#channel.stream, {
      resume: (message) =>
        void this.#resume(message as ResumeMessage).catch((error: Error) => leave(1, `it failed at a Resume: ${error.stack}`)),
      bind: (stream, payload, ended) => this.#bind(stream, payload, ended),
      request: (stream, head, body, ended) => this.#request(stream, head, body, ended),
      written: (pendingBytes) => this.#log.written(pendingBytes),
    });
    this.#log = new Log(this.#connection.writer, this.#channel.sendNow, this.#sourceMaps);
    this.#failures = new Failures(this.#log);
    this.#stats = new Stats(this.#connection.writer);
    this.#warmUp = new WarmUp((message, code) => this.#open(message, code));
    captureNetwork(this.#connection, this.#permission);
    captureOutput(this.#log);
    serveProgramsNetwork(this.#connection, this.#permission, this.#log);
    captureUncaught(this.#failures);
    captureExit(this.#log, this.#flush);
    this.#hooks.install();
  }

  hello(): void {
    const protocol = { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION };
    this.#connection.writer.json(FrameType.Hello, 0, { protocol, agent: AGENT_VERSION });
  }

  async #resume(message: ResumeMessage): Promise<void> {
    const { ready, failures } = resume(message, this.#channel.transport);
    this.#connection.hostTakesTrailers = message.trailers === true;
    this.#stats.resumed();
    if (message.inspector !== undefined) inspectAt(message.inspector);
    const failed = message.restored === true ? await this.#restore() : undefined;
    for (const failure of failures) this.#log.say(null, LogLevel.Agent, failure);
    this.#connection.writer.json(FrameType.Ready, 0, { ...ready, ...(failed !== undefined && { failed }) });
    this.#connection.writer.flush();
  }

  /** Resolves with why the app can't go on in this clone, if it can't. */
  async #restore(): Promise<string | undefined> {
    this.#connection.writer.release();
    try {
      openInspector();
      await this.#app?.restored();
      await this.#hooks.afterRestore();
      return undefined;
    } catch (error) {
      return this.#told("what is to be done after the restore", error).message;
    }
  }

  #bind(stream: number, payload: Buffer, ended: boolean): void {
    if (this.#binding) return this.#bound(stream, { ok: false, message: "this machine is bound already" });
    this.#binding = true;
    const binding = new Binding((...bind) => void this.#bindTo(stream, ...bind));
    this.#connection.adopt(stream, binding);
    binding.begin(payload, ended);
  }

  /** @param failure of writing the app's files */
  async #bindTo(stream: number, message: BindMessage, code: Buffer, failure: unknown): Promise<void> {
    try {
      if (failure !== null) throw failure;
      if (message.mounts !== undefined) await mountAll(message.mounts);
      this.#app = this.#open(message, code);
      this.#binding = message.app !== REHEARSAL_APP;
      this.#stats.bound(this.#binding);
      if (this.#binding) openInspector();
      if (message.preload !== undefined && this.#app.has(message.preload)) await this.#app.preload(message.preload);
      if (message.snapshot === true) await this.#prepareToFreeze(this.#app);
      this.#bound(stream, { ok: true });
      if (message.snapshot === true) this.#connection.writer.hold(() => {});
    } catch (error) {
      const text = error instanceof SnapshotError || error instanceof MountError ? error.message : describe(error);
      this.#bound(stream, { ok: false, message: text.slice(0, MESSAGE_CHARACTERS) });
    }
  }

  /** Rejects with a sentence for the app's owner. The error itself is in the app's log. */
  async #prepareToFreeze(app: App): Promise<void> {
    await app.initialise().catch((error: unknown) => Promise.reject(this.#told("the initialisation", error)));
    await this.#hooks.beforeSnapshot().catch((error: unknown) => Promise.reject(this.#told("a hook before the snapshot", error)));
    await rehearseDrop();
    this.#connection.cutOpened();
  }

  /** Logs the error. @returns a short one, of which only the message is to be shown */
  #told(what: string, error: unknown): SnapshotError {
    this.#failures.afterwards(null, error);
    return new SnapshotError(`${what} failed: ${firstLine(error)}`.slice(0, MESSAGE_CHARACTERS));
  }

  readonly #flush = () => this.#connection.writer.flushNow(this.#channel.sendNow);

  /** Used for a Bind and for the warm-up, so that the code of a Bind is warm as well. */
  #open(message: BindMessage, code: Buffer): App {
    setEnvironment(message);
    this.#hooks.clear();
    // An app without files has nothing to find there, and its task root may not exist.
    if (message.files !== undefined) process.chdir(taskRoot);
    this.#permission.egress = message.egress;
    return new App(message, code, this.#parts());
  }

  #parts(): AgentParts {
    return {
      log: this.#log,
      failures: this.#failures,
      sourceMaps: this.#sourceMaps,
      endMachine: machineEnder(this.#log, this.#flush),
      waited: (ms) => this.#stats.waited(ms),
    };
  }

  #bound(stream: number, message: BoundMessage): void {
    this.#connection.close(stream);
    this.#connection.writer.json(FrameType.Bound, stream, message);
    this.#connection.writer.flush();
  }

  #request(stream: number, head: string, body: Buffer, ended: boolean): void {
    this.#stats.begun();
    const invocation = this.#opened(stream, head, body, ended);
    this.#connection.adopt(stream, invocation);
    const { kind, function: name } = invocation.head;
    if (!kinds.has(kind)) invocation.fail(ResetCode.Refused, `this agent knows no invocations of kind ${kind}`);
    else if (this.#app?.has(name)) this.#app.run(invocation);
    else if (!this.#binding && name === WARM_FUNCTION) this.#warmUp.run(invocation);
    else invocation.fail(ResetCode.FunctionNotFound, `no function ${name}`);
  }

  #opened(stream: number, head: string, body: Buffer, ended: boolean): Invocation {
    try {
      return new Invocation(this.#connection, stream, head, body, ended, this.#onClosed);
    } catch (error) {
      return misunderstood("a Request", error);
    }
  }
}

/** The kinds of invocations that this agent knows. */
const kinds: ReadonlySet<string> = new Set(["http", "event", "upgrade"]);

/** What the app's code did around a snapshot. Its message is for the app's log, which has the rest already. */
class SnapshotError extends Error {}
