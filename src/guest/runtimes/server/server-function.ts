/**
 * One function that is a program which listens on $PORT.
 *
 * Owns: the program, the pool of connections to it, and the invocations that it works on.
 * 1. The program is started when it is first needed, and has started when it accepts a connection. If it does not get so far, the invocations that wait fail,
 *    and the next one starts it again.
 * 2. When the program ends afterwards, its machine ends. It also ends when the program takes no connections any more, and not soon again.
 * 3. A machine is frozen before it has invocations, so that no connection to the program is open then that clones would share.
 */
import { join } from "node:path";
import { type BindMessage, LogLevel } from "../../../wire/protocol.ts";
import { taskRoot } from "../../agent/files/task-root.ts";
import type { Invocation } from "../../agent/invocation/invocation.ts";
import { attributed } from "../program/attribution.ts";
import { Program, type ProgramEnd } from "../program/program.ts";
import type { AgentParts, ProgramFunction } from "../runtime.ts";
import { Exchange } from "./exchange.ts";
import { beginGrpc, isGrpc } from "./grpc-exchange.ts";
import { NodeClones } from "./node-clones.ts";
import { openPorts } from "./open-ports.ts";
import { Pool } from "./pool.ts";
import { choosePort, listeningAddress } from "./port.ts";

/** Attempts to connect, and milliseconds between them: a minute in which the machine runs, because the timer stands still while it is stopped. */
const ATTEMPTS = 1_200;
const ATTEMPT_MS = 50;
/** For a snapshot nobody waits, and the machine has a low share of the CPU. The host gives up after ten minutes and could not say why. */
const ATTEMPTS_BEFORE_FREEZE = 9 * ATTEMPTS;
const FIRST_ATTEMPT_MS = 5;
/** Some programs close their port and open it again, to begin anew within themselves: then calls wait for two seconds at most. */
const ATTEMPTS_TO_RETURN = 40;
/** Without a network namespace of its own, the machine shows other programs' ports as well. */
const SHOWN_PORTS = 8;

export class ServerFunction {
  readonly #message: BindMessage;
  readonly #function: ProgramFunction;
  readonly #command: [string, ...string[]];
  readonly #parts: AgentParts;
  readonly #inFlight = new Map<string, { invocation: Invocation }>();
  #program: Program | null = null;
  #pool: Pool | null = null;
  #starting: Promise<Pool> | null = null;
  #returning: Promise<Pool> | null = null;
  /** Of a machine that becomes a template. */
  #clones: NodeClones | null = null;
  /** Where the program is to listen, and where something did before it was started. */
  #port = 0;
  #portsBefore: ReadonlySet<number> = new Set();

  constructor(message: BindMessage, own: ProgramFunction, parts: AgentParts) {
    this.#message = message;
    this.#function = own;
    this.#command = commandOf(own);
    this.#parts = parts;
  }

  readonly run = (invocation: Invocation): void => {
    if (this.#pool !== null) return this.#exchange(invocation, this.#pool);
    // Nothing of the invocation has reached the program yet.
    invocation.onAbort = ({ name }) => {
      if (name === "TimeoutError" && this.#starting !== null)
        this.#parts.log.say(invocation, LogLevel.Agent, `${this.#deaf()} yet${this.#elsewhere()}`);
      invocation.settle();
    };
    this.start().then(
      (pool) => invocation.aborted || this.#exchange(invocation, pool),
      (error: unknown) => {
        this.#parts.failures.loadFailed(invocation, error instanceof ProgramFailed ? error.message : error);
      },
    );
  };

  /** Resolves when the program accepts connections. */
  start(): Promise<Pool> {
    if (this.#pool !== null) return Promise.resolve(this.#pool);
    return (this.#starting ??= this.#begin().finally(() => (this.#starting = null)));
  }

  /**
   * The program runs in a clone from now on. It cannot be asked whether it can go on there, because nothing is known of it, but it can hear of it, to seed its
   * generators anew, for example. Those of Node itself are seeded when this resolves.
   */
  async restored(): Promise<void> {
    if (this.#pool === null) return;
    const isSeeded = (await this.#clones?.seed()) ?? true;
    if (!isSeeded)
      this.#parts.log.say(
        null,
        LogLevel.Agent,
        `A thread of function ${this.#function.name} has not seeded its random generators in this clone`,
      );
    this.#program?.tellContinued();
  }

  async #begin(): Promise<Pool> {
    const port = (this.#port = await choosePort(this.#message.env));
    if (this.#message.snapshot === true) this.#clones ??= await NodeClones.open(this.#function.name);
    this.#portsBefore = openPorts();
    const [command, ...args] = this.#command;
    const program = new Program(command, args, this.#environment(port), attributed(this.#parts.log, this.#inFlight));
    this.#program = program;
    const ended = program.ended.then((end) => this.#ended(end));
    try {
      const attempts = this.#message.snapshot === true ? ATTEMPTS_BEFORE_FREEZE : ATTEMPTS;
      const address = await Promise.race([this.#accepting(attempts, program, ended), ended]);
      return (this.#pool = new Pool(address, port));
    } catch (error) {
      program.kill();
      await ended.catch(() => undefined);
      throw error;
    }
  }

  #environment(port: number): Record<string, string> {
    return {
      ...(process.env as Record<string, string>),
      AWS_LAMBDA_FUNCTION_NAME: this.#function.name,
      // Nothing outside of the machine can connect to it.
      HOST: "127.0.0.1",
      PORT: String(port),
      ...pythonEnvironment,
      ...this.#message.env,
      ...this.#clones?.environment(this.#message.env["NODE_OPTIONS"]),
    };
  }

  /** Rejects if the program has not started when it ends; ends the machine otherwise. */
  #ended({ how, ran, code }: ProgramEnd): never {
    const what = `The program ${this.#command[0]} of function ${this.#function.name} ${how}`;
    if (this.#pool !== null) this.#parts.endMachine(`${what}, which ends its machine`, code);
    throw new ProgramFailed(`${what}${ran ? ` before it listened on $PORT` : ""}`);
  }

  /** Resolves if the program, which takes no connections, takes them again. Ends the machine otherwise: no other call would get further in it. */
  readonly #refused = (): Promise<Pool> => (this.#returning ??= this.#return().finally(() => (this.#returning = null)));

  async #return(): Promise<Pool> {
    const program = this.#program!;
    // When the program ends, its machine does, and nobody waits any more.
    const ended = program.ended.then(() => new Promise<never>(() => undefined));
    try {
      return (this.#pool = new Pool(await this.#accepting(ATTEMPTS_TO_RETURN, program, ended), this.#port));
    } catch {
      const what = `The program ${this.#command[0]} of function ${this.#function.name} does not listen on port ${this.#port} any more`;
      return this.#parts.endMachine(`${what}, though it runs, which ends its machine`, 1);
    }
  }

  /** The address at which the program listens. @param ended is returned when the program is gone, after which nobody looks for it any more */
  async #accepting(attempts: number, program: Program, ended: Promise<never>): Promise<string> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (program.isGone) return ended;
      const address = await listeningAddress(this.#port);
      if (address !== undefined) return address;
      await new Promise((resolve) => setTimeout(resolve, attempt < 10 ? FIRST_ATTEMPT_MS : ATTEMPT_MS));
    }
    const seconds = Math.round((attempts * ATTEMPT_MS) / 1_000);
    throw new ProgramFailed(`${this.#deaf()} after ${seconds} s${this.#elsewhere()}`);
  }

  #deaf(): string {
    return `The program ${this.#command[0]} of function ${this.#function.name} does not listen on port ${this.#port} (the variable PORT)`;
  }

  /** Most programs that are not found have a port of their own choice. */
  #elsewhere(): string {
    const ports = [...openPorts().difference(this.#portsBefore)].slice(0, SHOWN_PORTS);
    if (ports.length === 0) return "";
    return `; opened since it was started: port ${ports.join(", ")}. Let it take its port from PORT, or name its own as PORT in \`env\` of mayfly.json`;
  }

  #exchange(invocation: Invocation, pool: Pool): void {
    const { id } = invocation.head;
    this.#inFlight.set(id, { invocation });
    const over = () => this.#inFlight.delete(id);
    const parts = { program: this.#program!, failures: this.#parts.failures, refused: this.#refused, over };
    if (isGrpc(invocation)) return beginGrpc(invocation, { connection: pool.grpc, ...parts });
    new Exchange(invocation, { pool, ...parts }).begin();
  }
}

/** For Python alone: it finds the packages that the app requires, and prints at once. */
const pythonEnvironment = { PYTHONPATH: join(taskRoot, "site-packages"), PYTHONDONTWRITEBYTECODE: "1", PYTHONUNBUFFERED: "1" };

/** Its message is for the app's log. The agent's stack would say nothing. */
class ProgramFailed extends Error {}

function commandOf({ name, command }: ProgramFunction): [string, ...string[]] {
  if (command === undefined || command.length === 0) throw new Error(`function ${name} has no command`);
  return command as [string, ...string[]];
}
