/**
 * A fleet in which everything that can happen does happen, at random: slow and failing starts, and guests that reply in every allowed way,
 * ignore their abort signal, block, or die. It records what reached a guest.
 */
import assert from "node:assert/strict";
import type { Version } from "../../store/catalog/catalog.ts";
import type { Fleet, FleetEvents, FleetPhase, MachineEnd, MachineView } from "../../fleet/fleet.ts";
import type { MachineExit } from "../../machines/exit.ts";
import type { MachineId } from "../../policy/policy.ts";
import type { HttpInput, RequestHead, RequestSink, RequestStream } from "../../wire/host-end.ts";
import { LogLevel, ResetCode } from "../../wire/protocol.ts";
import type { FakeClock } from "./fake-clock.ts";
import type { Random } from "../../base/testing/random.ts";
import { usualKind } from "../../base/kind/machine-kind.ts";

interface UnrulyMachine {
  id: MachineId;
  phase: FleetPhase;
  version: Version | null;
  streams: Set<UnrulyStream>;
  nextStream: number;
  blocked: boolean;
}

export class UnrulyFleet implements Fleet {
  readonly machines = new Map<MachineId, UnrulyMachine>();
  /** The invocations of which a byte reached a guest. */
  readonly ran = new Set<string>();
  /** If true, nothing fails. */
  calm = false;
  /** Milliseconds by which each start takes longer. */
  startsLater = 0;
  readonly #clock: FakeClock;
  readonly #random: Random;
  #events!: FleetEvents;

  constructor(clock: FakeClock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  attach(events: FleetEvents): void {
    this.#events = events;
  }

  /** The machine's guest prints a line. */
  says(id: MachineId, text: string): void {
    this.#events.log(id, 0, LogLevel.Info, text);
  }

  start(id: MachineId): void {
    assert.ok(!this.machines.has(id), "a machine started twice");
    const machine: UnrulyMachine = { id, phase: "starting", version: null, streams: new Set(), nextStream: 1, blocked: false };
    this.machines.set(id, machine);
    this.#later(machine, 5 + this.startsLater, 200 + this.startsLater, () => this.#comeUp(machine, "blank"));
  }

  hasten(): void {}

  rouse(): void {}

  bind(id: MachineId, version: Version): void {
    const machine = this.machines.get(id);
    if (machine === undefined || machine.phase === "ending") return;
    assert.equal(machine.phase, "blank");
    machine.phase = "binding";
    machine.version = version;
    this.#later(machine, 1, 50, () => this.#comeUp(machine, "bound"));
  }

  request(id: MachineId, head: RequestHead, body: Buffer | null, _end: boolean, sink: RequestSink): RequestStream | undefined {
    const machine = this.machines.get(id);
    if (machine?.phase !== "bound") return undefined;
    const { url, headers } = head.input as HttpInput;
    assert.equal(machine.version?.app, url, "an invocation on another app's machine");
    assert.ok(machine.streams.size < machine.version.manifest.concurrency, "a machine over its concurrency");
    const stream = new UnrulyStream(
      machine.nextStream,
      sink,
      this.#random,
      (ms, act) => this.#laterOn(machine, stream, ms, act),
      () => machine.streams.delete(stream),
    );
    stream.body = body?.toString() ?? "";
    machine.nextStream += 2;
    machine.streams.add(stream);
    this.#clock.after(0, () => {
      if (machine.phase !== "bound" || machine.blocked) return;
      assert.ok(!this.ran.has(head.id), `${head.id} was run twice`);
      this.ran.add(head.id);
      assert.equal(stream.body, headers[0], "another body than was given");
      stream.begin();
    });
    return stream;
  }

  kill(id: MachineId, why: string): void {
    const machine = this.machines.get(id);
    if (machine !== undefined && machine.phase !== "ending")
      this.#end(machine, { reason: "killed", detail: why, output: [], asked: true, failed: false });
  }

  checkAlive(id: MachineId, boundMs: number, blocked: () => string): void {
    const machine = this.machines.get(id);
    if (machine?.blocked !== true) return;
    this.#clock.after(boundMs, () => this.die(machine, { reason: "unresponsive", detail: blocked(), output: [] }));
  }

  /** The machine ends by itself. */
  die(machine: UnrulyMachine, exit: MachineExit = { reason: "crashed", detail: "", output: [] }): void {
    if (machine.phase === "ending") return;
    const ready = machine.phase === "blank" || machine.phase === "bound";
    this.#end(machine, { ...exit, asked: false, failed: !ready });
    if (ready) this.#events.dying(machine.id);
  }

  /** Reports a machine's load, if it has any. */
  tellLoad(machine: UnrulyMachine): void {
    if (machine.phase !== "bound") return;
    const [cpu, loopDelayMs] = [this.#random.between(0, 2), this.#random.chance(0.1) ? 60_000 : this.#random.between(0, 80)];
    this.#events.stats(machine.id, { cpu, memoryBytes: Math.floor(this.#random.between(1e7, 5e8)), loopDelayMs });
  }

  sample(): void {}

  view(id: MachineId): MachineView | undefined {
    const machine = this.machines.get(id);
    if (machine === undefined) return undefined;
    const { phase, version } = machine;
    const figures = { kind: usualKind, memoryBytes: 0, cpuUs: 0, ageMs: 0, asleep: false };
    return { id, name: `m${id}`, driver: "fake", phase, app: version?.app ?? null, revision: version?.id ?? null, ...figures };
  }

  async close(): Promise<void> {
    for (const machine of this.machines.values()) this.kill(machine.id, "the end");
    while (this.machines.size > 0) await Promise.resolve();
  }

  #comeUp(machine: UnrulyMachine, phase: "blank" | "bound"): void {
    if (!this.calm && this.#random.chance(0.15)) return this.die(machine, { reason: "bring-up-failed", detail: "", output: [] });
    machine.phase = phase;
    this.#events[phase](machine.id);
  }

  #end(machine: UnrulyMachine, end: MachineEnd): void {
    machine.phase = "ending";
    this.#clock.after(this.#random.between(0, 20), () => {
      this.#events.gone(machine.id, end);
      this.machines.delete(machine.id);
    });
  }

  #later(machine: UnrulyMachine, low: number, high: number, act: () => void): void {
    this.#clock.after(this.#random.between(low, high), () => machine.phase !== "ending" && act());
  }

  #laterOn(machine: UnrulyMachine, stream: UnrulyStream, ms: number, act: () => void): void {
    this.#clock.after(ms, () => machine.phase === "bound" && !machine.blocked && machine.streams.has(stream) && act());
  }
}

class UnrulyStream implements RequestStream {
  readonly stream: number;
  sent = false;
  body = "";
  readonly #sink: RequestSink;
  readonly #random: Random;
  readonly #later: (ms: number, act: () => void) => void;
  readonly #forget: () => void;
  #muted = false;

  constructor(stream: number, sink: RequestSink, random: Random, later: (ms: number, act: () => void) => void, forget: () => void) {
    this.stream = stream;
    this.#sink = sink;
    this.#random = random;
    this.#later = later;
    this.#forget = forget;
  }

  begin(): void {
    this.sent = true;
    if (this.#random.chance(0.05)) return;
    this.#later(this.#random.between(0, 150), () => this.#reply());
  }

  reset(): void {
    if (this.#muted) return;
    this.#muted = true;
    if (this.#random.chance(0.7)) this.#later(this.#random.between(0, 400), () => this.#close());
  }

  write(chunk: Buffer): boolean {
    this.body += chunk.toString();
    return true;
  }

  end(): void {}

  consumed(): void {}

  #reply(): void {
    const whole = this.#random.chance(0.6);
    if (this.#random.chance(0.1)) {
      this.#say(() => this.#sink.reset(ResetCode.FunctionThrew, "boom"));
      return this.#close();
    }
    this.#say(() => this.#sink.head(200, [], Buffer.from("a"), whole));
    this.#later(this.#random.between(0, 50), () => (whole ? this.#close() : this.#finishBody()));
  }

  #finishBody(): void {
    if (this.#random.chance(0.1)) this.#say(() => this.#sink.reset(ResetCode.Internal, "half way"));
    else {
      this.#say(() => this.#sink.data(Buffer.from("b")));
      this.#say(() => this.#sink.end());
    }
    this.#close();
  }

  #say(what: () => void): void {
    if (!this.#muted) what();
  }

  #close(): void {
    this.#forget();
    this.#sink.closed();
  }
}
