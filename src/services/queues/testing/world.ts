/** Queues on a clock that stands still, without a thread. */
import { setImmediate } from "node:timers/promises";
import { FakeClock } from "../../../dispatch/testing/fake-clock.ts";
import { InlineCommit } from "../../../store/group-commit/testing/inline-commit.ts";
import { KnownQueues } from "../known-queues.ts";
import { Mover } from "../mover.ts";
import type { QueueLimits } from "../queue.ts";
import type { Queues } from "../queues.ts";
import { queuesOver } from "../queues-over.ts";
import { engine, type QueueOperations } from "../store/engine.ts";
import { WaitingReceives } from "../waiting.ts";
import type { QueuesUnderTest } from "./conformance.ts";

export class World implements QueuesUnderTest {
  readonly clock = new FakeClock();
  readonly commit = new InlineCommit<QueueOperations>(engine);
  readonly failures: unknown[] = [];
  readonly waiting = new WaitingReceives(this.clock);
  readonly queues: Queues;

  constructor(limits: Partial<QueueLimits> = {}) {
    const { commit, clock, waiting } = this;
    const onFailure = (error: unknown) => void this.failures.push(error);
    const mover = new Mover({ commit, clock, wake: (queue) => waiting.wake(queue), onFailure });
    const most = { queues: 1_000, tenantBytes: 1e9, appBytes: 1e9, inFlight: 100_000, ...limits };
    this.queues = queuesOver({ commit, clock, limitsOf: () => most, waiting, mover, known: new KnownQueues(), onFailure });
  }

  async pass(ms: number): Promise<void> {
    await settled();
    await this.clock.advance(ms);
    await settled();
  }

  close(): Promise<void> {
    this.waiting.close();
    return this.commit.close();
  }
}

/** What the test, or a timer, has set going is over. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await setImmediate();
}
