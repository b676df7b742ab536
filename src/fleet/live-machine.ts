/**
 * One machine, from its turn to start until nothing of it is left.
 *
 * Owns: the driver's machine, the host's end of its channel, its usage meter, its egress.
 * 1. `phase` only moves forward: starting → blank → binding → bound, and from anywhere to ending. A clone of a snapshot is never blank nor binding.
 * 2. A blank that no invocation waits for is stopped, so that it uses no CPU. Before it is bound it is resumed, with the time and fresh
 *    entropy. A bound machine that has nothing to do is stopped and resumed in the same way (care.ts).
 * 3. `gone` resolves once, after the driver says that nothing is left. Every failure ends there.
 *
 * The file is long because the machine may end at any moment during every step of its life, and what guards against that is in one place.
 */
import { randomBytes } from "node:crypto";
import type { LargeCode, Version } from "../store/catalog/catalog.ts";
import type { Egress } from "../egress/egress.ts";
import type { MachineKind } from "../base/kind/machine-kind.ts";
import { soon } from "../base/clock/soon.ts";
import { within } from "../base/clock/within.ts";
import { MayflyError } from "../base/errors/error.ts";
import { failureText } from "../base/errors/failure-text.ts";
import type { MachineId, MachineStats } from "../policy/policy.ts";
import type { HostEnd, RequestHead, RequestSink, RequestStream } from "../wire/host-end.ts";
import type { MountsEnd } from "../wire/mounts-end.ts";
import { openHostEnd } from "../wire/open-host-end.ts";
import { type FolderFiles, LogLevel, type ReadyMessage, type ResumeExtras, type StatsMessage } from "../wire/protocol.ts";
import type { Machine, MachineSpec } from "../machines/driver.ts";
import { type ExitReason, type MachineExit, StartFailure } from "../machines/exit.ts";
import { askEgress } from "./ask-egress.ts";
import { type BoundCode, bindMessage } from "./bind-message.ts";
import { forbidMounts, openMounts } from "./open-mounts.ts";
import { ToldOnce } from "./told-once.ts";
import { partCode } from "./part-code.ts";
import { Care } from "./care.ts";
import { ChannelMeter } from "./channel-meter.ts";
import { PrintedLines } from "./printed-lines.ts";
import { Rest } from "./rest.ts";
import type { FleetEvents, FleetOptions, FleetPhase, MachineEnd, MachineView, StartOrder } from "./fleet.ts";
import type { AppTurns } from "./app-turns.ts";
import type { StartTurns } from "./start-turns.ts";
import { UsageMeter } from "./usage-meter.ts";

/** The most milliseconds for which a driver's start may hold a turn. */
const START_MS = 60_000;
/**
 * The most milliseconds from a Resume to its Ready, and for a rehearsal. A machine that no invocation waits for has a low share of the CPU, and must not be
 * given up because others compute. On a host with twenty ready processes for two cores, thirty seconds were too few for Java in a sandbox.
 */
const HANDSHAKE_MS = 60_000;
const BIND_MS = 60_000;
/** How long a machine that was roused keeps the CPU share that it has before it gets its app's, in milliseconds. */
const ASSIGN_MS = 250;
/** Milliseconds to wait for the driver's reason after a machine's channel has ended: an emulated kernel takes seconds for its last words if others compute. */
const LAST_WORDS_MS = 5_000;
/** The most characters of what a machine printed at its end that are written to the server's log. */
const OPERATORS_CHARACTERS = 6_000;

export class LiveMachine {
  readonly gone: Promise<MachineEnd>;
  readonly #id: MachineId;
  readonly #kind: MachineKind;
  readonly #spec: MachineSpec;
  readonly #options: FleetOptions;
  readonly #events: FleetEvents;
  readonly #meter: UsageMeter;
  readonly #createdAt: number;
  /** Whether an invocation waits for the machine, so that it becomes a blank without being stopped first. */
  #urgent: boolean;
  readonly #hastened = Promise.withResolvers<void>();
  #phase: FleetPhase = "starting";
  /** The machine still waits for its turn to start. */
  #queued = true;
  #machine: Machine | undefined;
  #end: HostEnd | undefined;
  #channelMeter: ChannelMeter | undefined;
  #rest: Rest | undefined;
  #version: Version | undefined;
  #egress: Egress | null = null;
  #mounts: MountsEnd | undefined;
  readonly #refusals = new ToldOnce();
  /** Of a bound machine. */
  #care: Care | undefined;
  #printed: PrintedLines | undefined;
  #kernel: ReadyMessage["kernel"] = "host";
  /** Why the machine is dying, if this class noticed it before the driver did. */
  #cause: MachineExit | undefined;
  #asked = false;
  #wasReady = false;
  /** Of a blank that was resumed ahead of its bind: resolves when it runs, also if it cannot. */
  #roused: Promise<void> | undefined;
  #cancelRest = () => {};
  #tellGone: (end: MachineEnd) => void = () => {};

  /** @param name the driver's id of the machine */
  constructor(id: MachineId, name: string, { kind, urgent, restores }: StartOrder, options: FleetOptions, events: FleetEvents) {
    this.#id = id;
    this.#kind = kind;
    this.#version = restores?.version;
    this.#urgent = urgent;
    this.#spec = { id: name, ...kind, ...(restores && { snapshot: restores.snapshot }) };
    this.#options = options;
    this.#events = events;
    this.#createdAt = options.clock.now();
    this.#meter = new UsageMeter(name, options.clock, options.usage);
    this.gone = new Promise((resolve) => (this.#tellGone = resolve));
  }

  get name(): string {
    return this.#spec.id;
  }

  get app(): string | null {
    return this.#version?.app ?? null;
  }

  /** @param turns of all machines @param clones of those that come up bound @param afterMs a machine that is not hastened waits for so long */
  async bringUp(turns: StartTurns, clones: AppTurns, afterMs = 0): Promise<void> {
    try {
      await this.#prepareKind();
    } catch (error) {
      return this.#isDying() ? undefined : this.#fail("start-failed", error);
    }
    const { clock } = this.#options;
    if (afterMs > 0) await Promise.race([this.#hastened.promise, new Promise<void>((resolve) => void clock.after(afterMs, resolve))]);
    const releaseOwn = this.app === null ? undefined : await clones.take(this.app);
    const release = await turns.take();
    try {
      if (this.#isDying()) return this.#finish(this.#cause ?? killed("it was not needed any more"));
      this.#queued = false;
      await this.#startMachine();
      if (this.#version === undefined) return await this.#becomeBlank();
      // The app's own code may take its time, for which other apps' machines are not to wait.
      release();
      await this.#becomeRestored(this.#version);
    } catch (error) {
      this.#fail("bring-up-failed", error);
    } finally {
      release();
      releaseOwn?.();
    }
  }

  hasten(): void {
    this.#urgent = true;
    this.#hastened.resolve();
  }

  isBlankOf({ key }: MachineKind): boolean {
    return this.#phase === "blank" && this.#kind.key === key;
  }

  /** Only for a blank. It rests again after `ms` from the last call on, unless it was bound. */
  rouse(ms: number): void {
    const { clock } = this.#options;
    const failed = (error: unknown) => this.#fail("unresponsive", error);
    this.#hastened.resolve(); // it gets the share of the CPU that a machine has which somebody waits for
    this.#roused ??= this.#getUp().catch(failed);
    this.#cancelRest();
    this.#cancelRest = clock.after(ms, () => {
      if (this.#phase !== "blank") return;
      this.#roused = undefined;
      this.#parts().rest.lieDown().catch(failed);
    });
  }

  /** Resumes a blank that rests. */
  #getUp(): Promise<void> {
    const { end, rest } = this.#parts();
    const { clock, handshakeMs = HANDSHAKE_MS } = this.#options;
    const getUp = async () => {
      if (await rest.getUp()) await this.#resume(end, false);
    };
    return within(clock, handshakeMs, "the resume", getUp());
  }

  async bind(version: Version): Promise<void> {
    if (this.#isDying()) return;
    this.#cancelRest();
    this.#version = version;
    this.#phase = "binding";
    this.#wasReady = false;
    try {
      await within(this.#options.clock, this.#options.bindMs ?? BIND_MS, "the bind", this.#bindTo(version));
      this.#becomeBound();
    } catch (error) {
      this.#fail("bind-failed", error);
    }
  }

  #becomeBound(): void {
    if (this.#isDying()) return;
    this.#phase = "bound";
    this.#wasReady = true;
    this.#watch();
    this.#followPrinted();
    this.#events.bound(this.#id);
  }

  request(head: RequestHead, body: Buffer | null, end: boolean, sink: RequestSink): RequestStream | undefined {
    if (this.#phase !== "bound") return undefined;
    this.#care?.begins();
    return this.#end?.request(head, body, end, sink);
  }

  kill(why: string): void {
    if (this.#isDying()) return;
    this.#asked = true;
    this.#die(killed(why));
  }

  async checkAlive(boundMs: number, blocked: () => string): Promise<void> {
    const why = this.#phase === "bound" ? await this.#care?.checkAlive(boundMs, blocked) : undefined;
    if (why !== undefined) this.#dieUnasked(unresponsive(why));
  }

  /** Kills the machine if it has been silent and, as far as can be told, no longer lives. */
  feelPulse(): void {
    const why = this.#phase === "bound" ? this.#care?.feel() : undefined;
    if (why !== undefined) this.#dieUnasked(unresponsive(why));
  }

  lookWhetherIdle(): void {
    if (this.#phase === "bound") this.#care?.look();
  }

  sample(): void {
    if (this.#machine !== undefined && !this.#isDying()) this.#meter.sample(this.#machine.usage());
    this.#tellCarried();
  }

  #tellCarried(): void {
    const { carried } = this.#options;
    if (carried !== undefined) this.#channelMeter?.tell((to, from) => carried(this.app, to, from));
  }

  /** What the machine did lately; undefined if that is nothing. */
  load(): MachineStats | undefined {
    return this.#phase === "bound" ? this.#care?.report() : undefined;
  }

  /** The CPUs that the machine used on average in a rest that has not been reported yet; undefined if there is none. */
  takeRest(): number | undefined {
    return this.#phase === "bound" ? this.#care?.takeRest() : undefined;
  }

  view(): MachineView {
    return {
      id: this.#id,
      name: this.#spec.id,
      driver: this.#options.driver.name,
      phase: this.#phase,
      app: this.app,
      revision: this.#version?.id ?? null,
      kind: this.#kind,
      memoryBytes: this.#meter.usage.memoryBytes,
      cpuUs: this.#meter.usage.cpuUs,
      ageMs: this.#options.clock.now() - this.#createdAt,
      asleep: this.#phase === "bound" && this.#care?.sleeps === true,
    };
  }

  /** What the machine starts from may take minutes to make. Meanwhile the machine has no turn, as machines of other kinds are to have it. */
  #prepareKind(): Promise<void> {
    const { driver, prepare = (kind) => driver.prepare(() => undefined, kind) } = this.#options;
    return prepare(this.#kind);
  }

  async #startMachine(): Promise<void> {
    const { driver, clock } = this.#options;
    this.#meter.begin();
    const starting = driver.start({ ...this.#spec, awaited: this.#urgent || this.#hastened.promise, ...this.#frozenFiles() });
    try {
      this.#adopt(await within(clock, START_MS, "the driver's start", starting));
    } catch (error) {
      // The machine may still come up after its time; it is killed then.
      starting.then(
        (machine) => machine.kill(),
        () => {},
      );
      throw error;
    }
  }

  /** The files that the template of a snapshot's clone had attached. */
  #frozenFiles(): Pick<MachineSpec, "files"> {
    const { driver, code } = this.#options;
    if (this.#version === undefined || driver.attaches(this.#kind) === undefined) return {};
    const { files } = code(this.#version);
    return files?.large === undefined ? {} : { files: this.#kept(files.large) };
  }

  /** They stay where they are until the machine is gone. */
  #kept(files: LargeCode): LargeCode {
    const release = files.keep();
    void this.gone.then(release);
    return files;
  }

  #adopt(machine: Machine): void {
    this.#machine = machine;
    this.#channelMeter = new ChannelMeter(machine.channel);
    this.#end = openHostEnd(machine.channel, this.#hostEndEvents(), this.#options.clock);
    this.#rest = new Rest(machine, this.#end, this.#kind.runtime);
    void machine.exited.then((exit) => this.#exited(machine, exit));
    if (this.#isDying()) void machine.kill();
  }

  async #becomeBlank(): Promise<void> {
    const { clock, handshakeMs = HANDSHAKE_MS } = this.#options;
    const { machine, end, rest } = this.#parts();
    if (this.#isDying()) return;
    await within(clock, handshakeMs, "the handshake", this.#resume(end, machine.fresh));
    const lieDown = () => within(clock, handshakeMs, "the rehearsal", rest.lieDown());
    if (!this.#urgent) await lieDown();
    if (this.#isDying()) return;
    this.#meter.sample(machine.usage());
    this.#phase = "blank";
    this.#wasReady = true;
    machine.cameUp?.(true);
    this.#events.blank(this.#id);
    // The invocation that the machine was started for may be gone by now. The event above may have changed the phase.
    if ((this.#phase as FleetPhase) === "blank") await lieDown();
  }

  /** The clone of a snapshot goes on where its app was frozen: when the app has been told so, it takes invocations. */
  async #becomeRestored(version: Version): Promise<void> {
    const { clock, egress, bindMs = BIND_MS } = this.#options;
    const { machine, end } = this.#parts();
    if (this.#isDying()) return;
    this.#takeFor(version, machine);
    this.#egress = egress(version, this.#tellOnce, this.#calling);
    const { failed } = await within(clock, bindMs, "the restore", this.#resume(end, false, true));
    if (failed !== undefined) return this.#fail("bind-failed", new Error(failed));
    this.#meter.run(machine.usage());
    this.#becomeBound();
  }

  #takeFor(version: Version, machine: Machine): void {
    this.#meter.take(version.app, machine.usage());
    this.#openMounts(version, machine);
    const { clock, report } = this.#options;
    const failed = (error: unknown) => report(`Machine ${this.name} runs on a blank's CPU share: ${String(error)}`);
    // This is not awaited, because the kernel takes longer for it than the bind takes.
    const assign = () => void machine.assign(version.app, version.tenant).catch(failed);
    // A roused machine has the share of one that somebody waits for, and the move would hold up its first call.
    if (this.#roused === undefined) assign();
    else clock.after(ASSIGN_MS, () => (this.#isDying() ? undefined : assign()));
  }

  async #bindTo(version: Version): Promise<void> {
    const { code, secrets, egress, authority, lambda, clock } = this.#options;
    const { machine, end } = this.#parts();
    this.#takeFor(version, machine);
    const bound = partCode(code(version), (name) => Object.hasOwn(version.manifest.functions, name));
    const own = secrets(version);
    this.#egress = egress(version, this.#tellOnce, this.#calling);
    const attaching = this.#attach(machine, bound);
    attaching.catch(() => undefined); // it is awaited below, unless the resume fails
    await this.#roused;
    await this.#getUp();
    const attached = await attaching;
    const extras = { attached, authority: await authority?.(version), lambda: lambda?.(version), now: clock.wall() };
    await end.bind(bindMessage(version, bound, own, extras), bound.parts(attached !== undefined));
    this.#meter.run(machine.usage());
  }

  #openMounts(version: Version, machine: Machine): void {
    const { mountsEgress, clock } = this.#options;
    const dead = (reason: string, violation: boolean) => this.#channelOver(reason, violation);
    if ((version.manifest.mounts ?? []).length === 0 || mountsEgress === undefined) return forbidMounts(machine, dead);
    this.#mounts = openMounts(machine, { egress: mountsEgress(version), clock, log: this.#tellOnce, dead });
  }

  /** Lets the machine read the app's files where they lie, if they are large and it can. They stay there until it is gone. */
  async #attach(machine: Machine, { files }: BoundCode): Promise<FolderFiles | undefined> {
    if (files?.large === undefined || machine.attach === undefined) return undefined;
    return machine.attach(this.#kept(files.large));
  }

  async #resume(end: HostEnd, fresh: boolean, restored = false): Promise<ReadyMessage> {
    const inspector = this.#machine?.inspector?.address;
    const extras: ResumeExtras = { ...(restored && { restored }), ...(inspector !== undefined && { inspector }) };
    const ready = await end.resume(this.#options.clock.wall(), randomBytes(64), this.#spec.id, fresh, extras);
    this.#kernel = ready.kernel;
    return ready;
  }

  #followPrinted(): void {
    const log = (level: LogLevel, text: string) => this.#events.log(this.#id, null, level, text);
    const printed = new PrintedLines(log, this.#options.clock);
    this.#printed = printed;
    this.#machine?.followPrinted?.(printed.take);
  }

  /** Begins to look after a bound machine. */
  #watch(): void {
    const { driver, clock, answerMs, handshakeMs = HANDSHAKE_MS } = this.#options;
    const { machine, end } = this.#parts();
    const { traits } = driver;
    this.#care = new Care({
      machine,
      end,
      meter: this.#meter,
      clock,
      traits,
      kernel: !traits.ownKernel ? "none" : this.#kernel === "osv" ? "osv" : "other",
      memoryMb: this.#spec.memoryMb,
      answerMs,
      traffic: () => end.traffic + (this.#mounts?.traffic ?? 0),
      resume: () =>
        within(clock, handshakeMs, "an answer after a rest", this.#resume(end, false)).catch((error) => this.#fail("unresponsive", error)),
      failed: (error) => this.#channelOver(messageOf(error), false),
    });
  }

  #parts(): { machine: Machine; end: HostEnd; rest: Rest } {
    if (this.#machine === undefined || this.#end === undefined || this.#rest === undefined)
      throw new MayflyError("internal", { what: "a machine that was not started is used" });
    return { machine: this.#machine, end: this.#end, rest: this.#rest };
  }

  #hostEndEvents() {
    return {
      log: (stream: number, level: LogLevel, text: string) => this.#log(stream, level, text),
      stats: ({ loopDelayMeanMs }: StatsMessage) => this.#care?.hear(loopDelayMeanMs),
      connect: (host: string, port: number, gone: AbortSignal, name?: string) =>
        this.#outside(`${name ?? host}:${port}`, (egress) => egress.connect(host, port, gone, name)),
      resolve: (host: string, family: 0 | 4 | 6, gone: AbortSignal) => this.#outside(host, (egress) => egress.resolve(host, family, gone)),
      dead: (reason: string, violation: boolean) => this.#channelOver(reason, violation),
    };
  }

  #outside<T>(address: string, question: (egress: Egress) => Promise<T>): Promise<T> {
    return askEgress(this.#egress, address, question, this.#tellOnce);
  }

  /** For what a guest can provoke as often as it likes. */
  readonly #tellOnce = (text: string) => {
    if (this.#refusals.isDue(text, this.#options.clock.now())) this.#log(0, LogLevel.Platform, text);
  };

  readonly #calling = () => this.#events.traceOf?.(this.#id);

  #log(stream: number, level: LogLevel, text: string): void {
    if (this.#version === undefined) {
      // Agents give this level to what a rehearsal's code prints, which is of interest to nobody.
      if (level !== LogLevel.Debug) this.#options.report(`Machine ${this.name}: ${text}`);
    } else this.#events.log(this.#id, stream, level, text);
  }

  #channelOver(reason: string, violation: boolean): void {
    if (this.#isDying()) return;
    if (violation) return this.#dieUnasked({ reason: "protocol-violation", detail: reason, output: [] });
    this.#beginDying();
    const cancel = this.#options.clock.after(LAST_WORDS_MS, () => {
      this.#cause = { reason: "channel-lost", detail: reason, output: [] };
      void this.#machine?.kill();
    });
    void this.gone.then(cancel);
  }

  #fail(reason: ExitReason, error: unknown): void {
    const cause = error instanceof StartFailure ? error.exit : { reason, detail: messageOf(error), output: [] };
    if (this.#machine !== undefined) return this.#dieUnasked(cause);
    const end = this.#cause ?? cause;
    this.#phase = "ending";
    this.#finish(end);
  }

  #dieUnasked(cause: MachineExit): void {
    if (this.#isDying()) return;
    const ready = this.#wasReady;
    this.#die(cause);
    if (ready) this.#events.dying(this.#id);
  }

  /** Called when the machine ends without having been killed here; the driver is about to report the end, or just did. */
  #beginDying(): void {
    this.#phase = "ending";
    if (this.#wasReady) this.#events.dying(this.#id);
  }

  #die(cause: MachineExit): void {
    this.sample();
    this.#phase = "ending";
    this.#cause = cause;
    this.#end?.close();
    this.#mounts?.close();
    if (this.#machine !== undefined) void this.#machine.kill();
    else if (this.#queued) soon(() => this.#finish(cause));
  }

  #exited(machine: Machine, exit: MachineExit): void {
    if (!this.#isDying()) this.#beginDying();
    this.#end?.close();
    this.#mounts?.close();
    this.#printed?.close(this.#asked || this.#cause !== undefined);
    this.#meter.close(machine.usage().cpuUs);
    this.#tellCarried();
    this.#tellOperator(exit);
    // These two reasons are root causes. Anything that the host noticed before them was only a symptom.
    const isRoot = exit.reason === "out-of-memory" || exit.reason === "image-damaged";
    this.#finish(isRoot ? exit : (this.#cause ?? exit));
  }

  #tellOperator({ forOperator }: MachineExit): void {
    if (forOperator === undefined || this.#asked) return;
    const whose = this.#version === undefined ? "" : ` of ${this.#version.manifest.name}`;
    this.#options.report(`Machine ${this.name}${whose} printed at its end:\n${forOperator.slice(-OPERATORS_CHARACTERS)}`);
  }

  #finish({ reason, detail, code, signal, output }: MachineExit): void {
    this.#egress?.close();
    const failed = !this.#asked && !this.#wasReady;
    // What fails at an app says nothing of the template.
    if (failed && this.#version === undefined) this.#machine?.cameUp?.(false);
    const ofProgram = { ...(code !== undefined && { code }), ...(signal !== undefined && { signal }) };
    this.#tellGone({ reason, detail, ...ofProgram, output, asked: this.#asked, failed });
  }

  #isDying(): boolean {
    return this.#phase === "ending";
  }
}

function killed(why: string): MachineExit {
  return { reason: "killed", detail: why, output: [] };
}

function unresponsive(detail: string): MachineExit {
  return { reason: "unresponsive", detail, output: [] };
}

function messageOf(error: unknown): string {
  // An agent that refuses a Bind says why.
  if (error instanceof MayflyError && error.code === "function-load-failed" && error.cause instanceof Error)
    return error.cause.message.split("\n", 1)[0]!;
  return failureText(error);
}
