/**
 * The workload of a live run, from the file that `mayfly serve --record` wrote: the same calls to the same apps, each with the duration that it had. The reader holds
 * those invocations in memory that were in flight at the same time.
 */
import { basename } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import type { RecordedStep } from "../../dispatch/recorder.ts";
import { readHeader } from "../../dispatch/replay.ts";
import type { PackingOptions } from "../../policy/packing.ts";
import type { MachineModel, SimulatedApp, Workload } from "../simulator.ts";
import { wholeLines } from "./lines.ts";
import { surveyRecording, type Survey } from "./recording-survey.ts";

export interface Recording {
  workload: Workload;
  /** The options of the policy that ran. */
  options: PackingOptions;
  /** The machines of the run, with the recorded durations of their starts and binds. A recording lacks the CPU time and memory of blanks, so those of the driver qemu are taken. */
  machine: MachineModel;
  /** The numbers of starts and binds of the live run. */
  live: { starts: number; binds: number };
}

/** @throws MayflyError "bad-request" if the file is not a recording; the system's error if it cannot be read */
export function readRecording(file: string): Recording {
  const options = headerOf(file);
  const survey = surveyRecording(stepsOf(file));
  const { machine, starts, binds } = survey;
  return { workload: new RecordedWorkload(file, survey), options, machine, live: { starts, binds } };
}

function headerOf(file: string): PackingOptions {
  for (const lines of wholeLines(file)) return readHeader(file, lines.slice(0, lines.indexOf("\n")));
  return readHeader(file, "");
}

function* stepsOf(file: string): Generator<RecordedStep> {
  let line = 1;
  for (const lines of wholeLines(file))
    for (const text of lines.split("\n")) {
      if (line++ > 1 && text !== "") yield parseStep(file, text);
    }
}

function parseStep(file: string, text: string): RecordedStep {
  try {
    return JSON.parse(text) as RecordedStep;
  } catch (error) {
    throw new MayflyError("bad-request", { what: `${file} has a line that is not JSON: ${text.slice(0, 60)}` }, error);
  }
}

interface Call {
  app: number;
  at: number;
  machine: number;
  /** The time at which the call was given to a machine; NaN while it waits. */
  begunAt: number;
  /** NaN while the call's end was not read. */
  durationMs: number;
}

class RecordedWorkload implements Workload {
  readonly name: string;
  readonly apps: readonly SimulatedApp[];
  readonly endMs: number;
  at = 0;
  app = 0;
  durationMs = 0;
  cpuMs = 0;
  readonly #survey: Survey;
  readonly #steps: Iterator<RecordedStep>;
  /** The calls that were read, in the order of their arrival. Those before `#head` were given out. */
  #calls: Call[] = [];
  #head = 0;
  readonly #open = new Map<number, Call>();

  constructor(file: string, survey: Survey) {
    this.name = `recorded run ${basename(file)}`;
    this.apps = survey.apps.map(({ app }) => app);
    this.endMs = survey.endMs - survey.beginMs;
    this.#survey = survey;
    this.#steps = stepsOf(file);
  }

  next(): boolean {
    while (this.#head === this.#calls.length || Number.isNaN(this.#calls[this.#head]!.durationMs)) if (!this.#read()) break;
    const call = this.#calls[this.#head];
    if (call === undefined) return false;
    this.#head++;
    if (this.#head > 1_024 && this.#head * 2 > this.#calls.length) {
      this.#calls = this.#calls.slice(this.#head);
      this.#head = 0;
    }
    this.#tell(call);
    return true;
  }

  #tell({ app, at, durationMs }: Call): void {
    const { meanMs, cpuMs } = this.#survey.apps[app]!;
    this.at = at - this.#survey.beginMs;
    this.app = app;
    this.durationMs = Number.isNaN(durationMs) ? meanMs : durationMs;
    this.cpuMs = Math.min(this.durationMs, cpuMs);
  }

  /** Reads one step of the file. Returns false at the end of the file. */
  #read(): boolean {
    const { done, value } = this.#steps.next();
    if (done === true) return false;
    const { now, event, commands } = value;
    if (event.type === "arrive") this.#arrive(event.invocation, event.revision, now);
    else if (event.type === "finish") this.#close(event.invocation, now);
    else if (event.type === "abandon") this.#close(event.invocation, NaN);
    else if (event.type === "exit") this.#lose(event.machine, now);
    for (const command of commands) {
      if (command.type === "assign") this.#begin(command.invocation, command.machine, now);
      else if (command.type === "reject") this.#close(command.invocation, NaN);
    }
    return true;
  }

  /** An invocation that arrives again, after its machine died, is the same call as before. */
  #arrive(invocation: number, name: string, at: number): void {
    const app = this.#survey.indexOf.get(name);
    if (app === undefined || this.#open.has(invocation)) return;
    const call = { app, at, machine: -1, begunAt: NaN, durationMs: NaN };
    this.#calls.push(call);
    this.#open.set(invocation, call);
  }

  #begin(invocation: number, machine: number, now: number): void {
    const call = this.#open.get(invocation);
    if (call !== undefined) Object.assign(call, { machine, begunAt: now });
  }

  /** @param now the time of the call's end; NaN if the call never ran: it then gets the mean duration of its app */
  #close(invocation: number, now: number): void {
    const call = this.#open.get(invocation);
    if (call === undefined) return;
    const ran = now - call.begunAt;
    call.durationMs = Number.isNaN(ran) ? this.#survey.apps[call.app]!.meanMs : ran;
    this.#open.delete(invocation);
  }

  /** The calls of a machine that exited took until then. If a call arrives again, its duration is overwritten by that of its last run. */
  #lose(machine: number, now: number): void {
    for (const call of this.#open.values()) if (call.machine === machine) call.durationMs = now - call.begunAt;
  }
}
