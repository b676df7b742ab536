/** A thousand random runs on a fake clock check that every invocation is accounted for once, whatever guests, callers and machines do. */
import { test } from "node:test";
import assert from "node:assert/strict";
import { bindPolicy } from "../policy/bind-policy.ts";
import { createPackingPolicy } from "../policy/packing.ts";
import { EventStream } from "../telemetry/event-stream.ts";
import type { InvocationEnded } from "../telemetry/platform-event.ts";
import { createDispatcher } from "./dispatcher.ts";
import type { LiveDispatcher } from "./live-dispatcher.ts";
import { type Caller, call } from "./testing/caller.ts";
import { FakeClock } from "./testing/fake-clock.ts";
import { Random, seedOf } from "../base/testing/random.ts";
import { UnrulyFleet } from "./testing/unruly-fleet.ts";
import { serve, versionOf } from "./testing/version.ts";
import { roomyHost } from "./testing/roomy-host.ts";

const RUNS = 1_000;
const STEPS = 60;
const APPS = ["ada", "bob"];
const FIRST_SEED = seedOf();

test(`every invocation ends once, and none runs twice (${RUNS} runs from MAYFLY_SEED=${FIRST_SEED})`, async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
    try {
      await new Run(seed).play();
    } catch (error) {
      throw new Error(`MAYFLY_SEED=${seed} fails: ${String(error)}`, { cause: error });
    }
  }
});

class Run {
  readonly #random: Random;
  readonly #clock = new FakeClock();
  readonly #fleet: UnrulyFleet;
  readonly #policy;
  readonly #dispatcher: LiveDispatcher;
  readonly #callers: Caller[] = [];
  readonly #received: string[] = [];
  readonly #ended: InvocationEnded[] = [];
  readonly #machines: string[] = [];
  readonly #machinesGone: string[] = [];

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#fleet = new UnrulyFleet(this.#clock, this.#random);
    const { maxMachines, blanks } = {
      maxMachines: 1 + Math.floor(this.#random.between(1, 6)),
      blanks: Math.floor(this.#random.between(0, 3)),
    };
    this.#policy = createPackingPolicy({
      ...roomyHost,
      blanks,
      idleMs: this.#random.chance(0.5) ? 300 : null,
      maxMachines,
    });
    const [policy, logs] = [bindPolicy(this.#policy), { append: () => {} }];
    const events = this.#listen();
    const clock = this.#clock;
    this.#dispatcher = createDispatcher({
      policy,
      fleet: this.#fleet,
      clock,
      bootId: "t",
      logs,
      events,
      graceMs: 200,
      pingMs: 100,
      loadMs: 150,
    });
    for (const app of APPS) this.#deploy(app);
  }

  async play(): Promise<void> {
    for (let i = 0; i < STEPS; i++) {
      this.#act();
      await this.#clock.advance(this.#random.between(0, 40));
      this.#checkSlots();
    }
    this.#fleet.calm = true;
    if (this.#random.chance(0.3)) await this.#close(this.#random.between(0, 500));
    else await this.#calmDown();
    for (const { isOver, handle, failure } of this.#callers) {
      assert.ok(isOver, `${handle?.id} was lost`);
      assert.notEqual(failure?.code, "internal", String(failure?.details["what"]));
    }
    assert.equal(this.#policy.state.invocations.size, 0, "the policy still counts an invocation");
    this.#checkEvents();
  }

  #listen(): EventStream {
    const events = new EventStream(this.#clock, (error) => assert.fail(String(error)));
    events.listen({
      "invocation-received": ({ invocation }) => void this.#received.push(invocation),
      "invocation-ended": (ended) => void this.#ended.push(ended),
      "machine-started": ({ machine }) => void this.#machines.push(machine),
      "machine-ended": ({ machine }) => void this.#machinesGone.push(machine),
    });
    return events;
  }

  /** Each invocation and each machine has one event at its beginning and one at its end, and an invocation's says what its caller saw. */
  #checkEvents(): void {
    const ids = this.#ended.map(({ invocation }) => invocation);
    assert.deepEqual(ids.toSorted(), this.#received.toSorted());
    assert.deepEqual(this.#machinesGone.toSorted(), this.#machines.toSorted());
    const ended = new Map(this.#ended.map((each) => [each.invocation, each]));
    for (const { handle, failure, aborted, status, body } of this.#callers) {
      const id = handle?.id as string;
      const { outcome, spans, slotMs, ...told } = ended.get(id) as InvocationEnded;
      assert.equal(outcome, failure?.code ?? (aborted ? "aborted" : "replied"), id);
      if (outcome === "replied") assert.deepEqual([told.status, told.replyBytes], [status, body.length], id);
      for (const [span, ms] of Object.entries(spans)) assert.ok(ms >= 0, `${id}: ${span} is ${ms} ms`);
      if (outcome === "replied") assert.ok(slotMs !== null && slotMs >= spans.run, id);
    }
  }

  /** The dispatcher counts the taken slots of each machine as the policy does. */
  #checkSlots(): void {
    for (const { inFlight, name } of this.#dispatcher.machines())
      assert.equal(inFlight, this.#policy.state.machines[Number(name.slice(1))]?.inFlight, `slots taken of ${name}`);
  }

  /** From here on nothing fails, so that in the end nothing is in flight. */
  async #calmDown(): Promise<void> {
    await this.#clock.advance(30_000);
    for (const row of this.#dispatcher.machines()) assert.equal(row.inFlight, 0, `${row.name} has a slot taken`);
    const last = APPS.map((app) => this.#call(app));
    await this.#clock.advance(10_000);
    for (const { handle, isOver } of last) assert.ok(isOver, `${handle?.id} was lost`);
    assert.equal(this.#policy.state.invocations.size, 0, "the policy still counts an invocation");
    await this.#close(0);
  }

  async #close(graceMs: number): Promise<void> {
    const closed = this.#dispatcher.close(graceMs);
    for (let i = 0; i < 1_000 && this.#fleet.machines.size > 0; i++) await this.#clock.advance(10);
    assert.equal(this.#fleet.machines.size, 0, "close does not come to an end");
    await closed;
    this.#policy.state.invocations.size = 0;
  }

  #act(): void {
    const dice = this.#random.next();
    const app = this.#random.pick(APPS);
    if (dice < 0.55) for (let i = this.#random.between(0, 4); i > 0; i--) this.#call(app);
    else if (dice < 0.65) this.#random.pick(this.#callers.filter(({ isOver }) => !isOver))?.abort();
    else if (dice < 0.75) this.#hurt();
    else if (dice < 0.8) this.#deploy(app);
    else if (dice < 0.82) this.#dispatcher.renewApp(app);
    else if (dice < 0.84) this.#dispatcher.removeApp(app);
    else for (const machine of this.#fleet.machines.values()) this.#fleet.tellLoad(machine);
  }

  #call(app: string): Caller {
    const body = `body ${this.#callers.length}`;
    const request = { app, url: app, headers: [body], timeoutMs: this.#random.between(20, 600) };
    const caller = call(this.#dispatcher, { ...request, body: this.#random.chance(0.5) ? Buffer.from(body) : "stream" });
    caller.handle?.write(Buffer.from(body));
    caller.handle?.end();
    this.#callers.push(caller);
    return caller;
  }

  #hurt(): void {
    const machine = this.#random.pick([...this.#fleet.machines.values()]);
    if (machine === undefined) return;
    if (this.#random.chance(0.5)) this.#fleet.die(machine);
    else machine.blocked = machine.phase === "bound";
  }

  #deploy(app: string): void {
    const between = (low: number, high: number) => Math.floor(this.#random.between(low, high));
    const limits = { concurrency: between(1, 4), maxMachines: between(1, 4), queue: between(0, 12) };
    serve(this.#dispatcher, versionOf(app, `v${this.#random.next()}`, limits));
  }
}
