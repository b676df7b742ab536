/**
 * One function whose program asks for its invocations over the Runtime API.
 *
 * Owns: the program and its API, the invocations that wait for it, and those that it works on.
 * 1. The program is started when it is first needed. It has started when it asks for its first invocation; if it does not get so far, the invocations that
 *    wait fail, and the next one starts it again.
 * 2. A program that ends while it works on an invocation ends the machine, as an error that kills Node does. One that ends with nothing to do is started
 *    again when it is needed.
 * 3. An invocation is given to the program once, and is in flight until the program has answered, even if nobody wants the answer any more.
 * 4. Only the program that is started before the machine is frozen waits for a restore. One that is started in a clone is as in any machine.
 */
import { existsSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { join } from "node:path";
import { LAYERS_FOLDER } from "../../../base/kind/layers-folder.ts";
import { LogLevel, ResetCode } from "../../../wire/protocol.ts";
import type { BindMessage } from "../../../wire/protocol.ts";
import type { Invocation } from "../../agent/invocation/invocation.ts";
import { eventMakerOf } from "../node/lambda/event-forms.ts";
import { collectBody } from "../node/web/incoming-body.ts";
import { attributed } from "../program/attribution.ts";
import { Program, type ProgramEnd } from "../program/program.ts";
import { taskRoot } from "../../agent/files/task-root.ts";
import type { AgentParts, ProgramFunction } from "../runtime.ts";
import { takeResponse } from "./answer.ts";
import { programEnvironment } from "./environment.ts";
import { nextHeaders } from "./next-headers.ts";
import { cutError, endDocument, reportedError } from "./reported-error.ts";
import {
  type ApiCall,
  type ApiError,
  type RuntimeApi,
  accept,
  answerEarly,
  collect,
  noSuchId,
  openRuntimeApi,
  refuse,
} from "./runtime-api.ts";

interface Work {
  invocation: Invocation;
  payload: Buffer;
  /** When it began to wait. */
  since: number;
  /** Whether the program has begun to answer. */
  answering: boolean;
}

/** The program of a function that was made by AWS Lambda's API: one of its own, or one of its layers'. */
const BOOTSTRAP = "bootstrap";
/** Seconds until the program must have asked for its first invocation. They are counted by a timer, which stands still while the machine is stopped. */
const START_SECONDS = 60;
/** For a snapshot nobody waits, and the machine has a low share of the CPU. The host gives up after ten minutes and could not say why. */
const SECONDS_BEFORE_FREEZE = 540;
/** Polls that wait at a time. */
const MOST_POLLS = 1_024;
const ERROR_BYTES = 1_048_576;

const tooManyPolls: ApiError = {
  status: 403,
  errorType: "InvalidStateTransition",
  errorMessage: "Too many requests for an invocation wait already",
};
/** A generator such as OpenSSL's, once seeded, gives the same in all clones of its process. Only the program can seed it anew. */
const unaware =
  "asks for an invocation before it has asked for restore/next, so it does not know that it is about to be cloned, with every random generator that it has seeded";
const notFrozen: ApiError = {
  status: 403,
  errorType: "InvalidStateTransition",
  errorMessage: "Only the initialisation of a snapshot ends with a request for the restore",
};
const started: ApiError = { status: 403, errorType: "InvalidStateTransition", errorMessage: "The program has started already" };

/** One life of the program. */
interface Life {
  api: RuntimeApi;
  program: Program;
  hasStarted: boolean;
  /** Why the program cannot start. */
  failure: string | null;
  /** What the program reported to init/error, for callers of AWS Lambda's API. */
  reported: string | null;
  timer: NodeJS.Timeout;
  /** The request that is answered after the restore. */
  restore: ApiCall | null;
  /** Waits for what the program does after the restore. */
  whenRestored: Waiter | null;
}

interface Waiter {
  resolve: () => void;
  reject: (error: Error) => void;
}

export class ProvidedFunction {
  readonly #message: BindMessage;
  readonly #function: ProgramFunction;
  readonly #parts: AgentParts;
  /** Below the task root. */
  readonly #file: string;
  #waiting: Work[] = [];
  #polls: ApiCall[] = [];
  readonly #inFlight = new Map<string, Work>();
  /** Whether the machine is to be frozen when the program has started. */
  #isBeforeFreeze: boolean;
  #life: Life | null = null;
  #starting: Promise<void> | null = null;
  #whenStarted: Waiter | null = null;

  constructor(message: BindMessage, own: ProgramFunction, parts: AgentParts) {
    this.#message = message;
    this.#function = own;
    this.#parts = parts;
    this.#file = fileOf(own);
    this.#isBeforeFreeze = message.snapshot === true;
  }

  readonly run = (invocation: Invocation): void => {
    const { isEvent, event } = invocation.head;
    if (!isEvent && eventMakerOf(invocation.head) === undefined)
      return invocation.fail(ResetCode.Refused, `this agent makes no Lambda events of the form ${event}`);
    collectBody(invocation).then(
      (body) => this.#enqueue(invocation, body),
      () => invocation.settle(),
    );
  };

  /** Resolves when the program has asked for its first invocation. */
  start(): Promise<void> {
    if (this.#life?.hasStarted) return Promise.resolve();
    return (this.#starting ??= this.#begin());
  }

  /** Resolves when the program, which runs in a clone from now on, has asked for its first invocation there. */
  async restored(): Promise<void> {
    this.#isBeforeFreeze = false;
    const life = this.#life;
    if (life === null || life.restore === null) return;
    const { response } = life.restore;
    await new Promise<void>((resolve, reject) => {
      life.whenRestored = { resolve, reject };
      response.writeHead(200, { "content-type": "application/json", "content-length": 0 });
      response.end();
    });
    life.whenRestored = null;
  }

  #enqueue(invocation: Invocation, body: Buffer): void {
    if (invocation.aborted) return invocation.settle();
    const { id } = invocation.head;
    // The program answers by the id: of two with the same, one would never be answered.
    if (this.#inFlight.has(id) || this.#waiting.some((each) => each.invocation.head.id === id))
      return invocation.fail(ResetCode.Refused, `an invocation of the id ${id} is in flight already`);
    const work = { invocation, payload: payloadOf(invocation, this.#message.app, body), since: performance.now(), answering: false };
    this.#waiting.push(work);
    invocation.onAbort = ({ name }) => {
      this.#waiting = this.#waiting.filter((each) => each !== work);
      if (name === "TimeoutError" && this.#starting !== null)
        this.#parts.log.say(
          invocation,
          LogLevel.Agent,
          `${this.#named()} has not asked for an invocation yet: docs/runtimes.md says what such a program does`,
        );
      invocation.settle();
    };
    if (this.#life?.hasStarted) this.#match();
    else this.start().catch((error: Error) => this.#failWaiting(error));
  }

  async #begin(): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#whenStarted = { resolve, reject };
        this.#open().catch(reject);
      });
    } finally {
      this.#starting = null;
      this.#whenStarted = null;
    }
  }

  async #open(): Promise<void> {
    const api = await openRuntimeApi({
      next: (call) => this.#next(call),
      initError: (call) => this.#initError(call),
      restoreNext: (call) => this.#restoreNext(call),
      restoreError: (call) => this.#restoreError(call),
      response: (call, id) => this.#answer(call, id, (work, over) => takeResponse(call, work.invocation, this.#parts.failures, over)),
      error: (call, id) => this.#answer(call, id, (work, over) => this.#takeError(call, work, over)),
    });
    const env = programEnvironment({ ...this.#message, snapshot: this.#isBeforeFreeze }, this.#function, api.address);
    const program = new Program(join(taskRoot, this.#file), [], env, attributed(this.#parts.log, this.#inFlight));
    const most = this.#isBeforeFreeze ? SECONDS_BEFORE_FREEZE : START_SECONDS;
    let seconds = 0;
    const timer = setInterval(() => {
      if (++seconds >= most) this.#lose(life, `has not asked for an invocation within ${most} s`);
    }, 1_000).unref();
    const life: Life = { api, program, hasStarted: false, failure: null, reported: null, timer, restore: null, whenRestored: null };
    this.#life = life;
    void program.ended.then((end) => this.#ended(life, end));
  }

  #next(call: ApiCall): void {
    const life = this.#life;
    // A program that has reported that it can't start is being killed.
    if (life === null || life.failure !== null || this.#polls.length >= MOST_POLLS) return refuse(call, tooManyPolls);
    this.#polls.push(call);
    call.response.once("close", () => (this.#polls = this.#polls.filter((each) => each !== call)));
    if (this.#isBeforeFreeze && life.restore === null) return this.#lose(life, unaware);
    this.#hasStarted(life);
    life.whenRestored?.resolve();
    this.#match();
  }

  #hasStarted(life: Life): void {
    if (life.hasStarted) return;
    life.hasStarted = true;
    clearInterval(life.timer);
    this.#whenStarted?.resolve();
  }

  /** The program has done what it does before a snapshot, and wants to hear when it runs in a clone. */
  #restoreNext(call: ApiCall): void {
    const life = this.#life;
    if (life === null || life.failure !== null || life.hasStarted || !this.#isBeforeFreeze) return refuse(call, notFrozen);
    life.restore = call;
    this.#hasStarted(life);
  }

  #restoreError(call: ApiCall): void {
    const life = this.#life;
    if (life === null || life.whenRestored === null) return refuse(call, notFrozen);
    const type = call.request.headers["lambda-runtime-function-error-type"];
    collect(call.request, ERROR_BYTES, (body) => {
      accept(call);
      life.whenRestored?.reject(new ProgramFailed(reportedError(body instanceof Buffer ? body.toString() : "", type).text));
    });
  }

  /** Gives invocations that wait to polls that wait, in the order of both. */
  #match(): void {
    while (this.#polls.length > 0 && this.#waiting.length > 0) {
      const call = this.#polls.shift()!;
      if (!call.response.destroyed) this.#give(call, this.#waiting.shift()!);
    }
  }

  #give({ response }: ApiCall, work: Work): void {
    const { invocation, payload } = work;
    invocation.onAbort = null;
    this.#inFlight.set(invocation.head.id, work);
    this.#parts.waited(performance.now() - work.since);
    response.writeHead(200, { ...nextHeaders(this.#message.app, invocation, this.#function.lambda), "Content-Length": payload.length });
    response.end(payload);
  }

  #answer(call: ApiCall, id: string, take: (work: Work, over: () => void) => void): void {
    const work = this.#inFlight.get(id);
    if (work === undefined || work.answering) return refuse(call, noSuchId);
    work.answering = true;
    take(work, () => this.#inFlight.delete(id));
  }

  #takeError(call: ApiCall, { invocation }: Work, over: () => void): void {
    const type = call.request.headers["lambda-runtime-function-error-type"];
    collect(call.request, ERROR_BYTES, (body) => {
      this.#parts.failures.reported(invocation, body instanceof Buffer ? reportedError(body.toString(), type) : cutError());
      if (body === "too-large") answerEarly(call);
      else accept(call);
      over();
    });
  }

  #initError(call: ApiCall): void {
    const life = this.#life;
    if (life === null || life.hasStarted) return refuse(call, started);
    const type = call.request.headers["lambda-runtime-function-error-type"];
    collect(call.request, ERROR_BYTES, (body) => {
      const { text, document } = reportedError(body instanceof Buffer ? body.toString() : "", type);
      life.failure = text;
      life.reported = document;
      accept(call);
      // The program should end now. AWS ends it, too.
      call.response.once("close", () => this.#lose(life, life.failure!));
      call.response.once("finish", () => this.#lose(life, life.failure!));
    });
  }

  /** Ends a program that can't start. */
  #lose(life: Life, why: string): void {
    life.failure ??= `${this.#named()} ${why}`;
    life.program.kill();
  }

  #ended(life: Life, end: ProgramEnd): void {
    clearInterval(life.timer);
    life.api.close();
    this.#life = null;
    this.#polls = [];
    const what = `${this.#named()} ${end.how}`;
    life.whenRestored?.reject(new ProgramFailed(`${what} after the restore, before it asked for an invocation`));
    if (!life.hasStarted) {
      const why = life.failure ?? `${what}${end.ran ? " before it asked for its first invocation" : ""}`;
      this.#whenStarted?.reject(new ProgramFailed(why, (id) => life.reported ?? endDocument(id, end)));
    } else if (this.#inFlight.size > 0) {
      this.#parts.endMachine(`${what}, which ends its machine`, end.code);
    } else {
      this.#parts.log.say(null, LogLevel.Agent, `${what}. It is started again when it is called.`);
      if (this.#waiting.length > 0) this.start().catch((error: Error) => this.#failWaiting(error));
    }
  }

  #named(): string {
    return `The program ${this.#file} of function ${this.#function.name}`;
  }

  #failWaiting(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { invocation } of waiting) {
      if (error instanceof ProgramFailed && error.document !== undefined && invocation.head.isLambda)
        this.#parts.failures.reported(invocation, { text: error.message, document: error.document(invocation.head.id) });
      else this.#parts.failures.loadFailed(invocation, error instanceof ProgramFailed ? error.message : error);
    }
  }
}

/** Its message is for the app's log. The agent's stack would say nothing. */
class ProgramFailed extends Error {
  /** Makes what a caller of AWS Lambda's API is told. */
  readonly document: ((id: string) => string) | undefined;

  constructor(message: string, document?: (id: string) => string) {
    super(message);
    this.document = document;
  }
}

function fileOf({ name, source, lambda }: ProgramFunction): string {
  // Of other runtimes than AWS's `provided`, it is a program that starts them.
  if (lambda?.runtime.startsWith("provided") === true)
    return [BOOTSTRAP, join(LAYERS_FOLDER, BOOTSTRAP)].find((path) => existsSync(join(taskRoot, path))) ?? BOOTSTRAP;
  if (source.type === "file") return source.path;
  throw new Error(`the code of ${name} comes from ${JSON.stringify(source.type)}, but a program is a file`);
}

function payloadOf({ head }: Invocation, app: string, body: Buffer): Buffer {
  if (!head.isEvent) return Buffer.from(JSON.stringify(eventMakerOf(head)!(head, app, body)));
  // Lambda gives an empty object to a function that is invoked without a payload.
  return body.length === 0 ? Buffer.from("{}") : body;
}
