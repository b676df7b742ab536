/**
 * A live run, from the file that `mayfly serve --record` wrote: the same calls to the same apps, each taking as long as it took. Memory is that of the
 * invocations that were under way at the same time.
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
  /** Of the policy that ran. */
  options: PackingOptions;
  /** As its machines were: their start and bind times, in their order. CPU and memory of blanks are not on record: they are taken to be qemu's. */
  machine: MachineModel;
  /** What the live policy did. */
  live: { starts: number; binds: number };
}

/** @throws MayflyError "bad-request" where the file is no recording; the system's error where it cannot be read */
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
  /** When it got its machine; NaN while it has none. */
  begunAt: number;
  /** NaN while it is not known. */
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
  /** In the order of their arrival; those before `#head` are told. */
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

  /** One step of the file. Returns false at its end. */
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

  /** What arrives again after its machine died is the same call. */
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

  /** @param now NaN for one that never ran: it is taken to be like the others of its app */
  #close(invocation: number, now: number): void {
    const call = this.#open.get(invocation);
    if (call === undefined) return;
    const ran = now - call.begunAt;
    call.durationMs = Number.isNaN(ran) ? this.#survey.apps[call.app]!.meanMs : ran;
    this.#open.delete(invocation);
  }

  /** What the machine had: it ran until then, unless it arrives again. */
  #lose(machine: number, now: number): void {
    for (const call of this.#open.values()) if (call.machine === machine) call.durationMs = now - call.begunAt;
  }
}
