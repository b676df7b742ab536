/** Makes a template of an app: starts a machine on memory of its own, has it bound, and freezes it. */
import fs from "node:fs";

import { within } from "../../base/clock/within.ts";
import { createMemoryFile, makeImmutable } from "../../base/libc/libc.ts";
import type { FreezeSteps } from "../driver.ts";
import type { FrozenMachine } from "./build-template.ts";
import { type Clone, type CloneOptions, startClone } from "./clone.ts";
import { saveState } from "./migration.ts";
import { copySparse } from "./sparse-copy.ts";

/** Milliseconds for which a machine that is ready settles: what its processes wrote last has then been written. */
const SETTLE_MS = 500;
/** Milliseconds. QEMU writes some hundred kilobytes, on a host on which others compute. */
const SAVE_MS = 60_000;

type Steps = Omit<FreezeSteps, "admit">;

/** @param options of a clone of the kind's template, whose memory is copied */
export async function freezeApp(options: CloneOptions, steps: Steps): Promise<FrozenMachine> {
  // The copy takes seconds. Meanwhile the template or the image may be given up, and the numbers of their descriptors be those of another app's memory.
  using opened = new DisposableStack();
  const again = (fd: number) => opened.adopt(fs.openSync(`/proc/self/fd/${fd}`, "r"), fs.closeSync);
  const [from, state, root] = [again(options.template.memory), again(options.template.state), again(options.root)];
  const memory = createMemoryFile("mayfly-snapshot");
  try {
    await copySparse(from, memory);
    steps.gone.throwIfAborted();
    const clone = await startClone({ ...options, root, template: { ...options.template, state, memory }, keeps: true });
    const frozen = await freezeReady(clone, options, steps).finally(() => clone.machine.kill());
    makeImmutable(memory);
    return { memory, state: frozen };
  } catch (error) {
    fs.closeSync(memory);
    throw error;
  }
}

async function freezeReady({ machine, qemu, confined }: Clone, { clock }: CloneOptions, { ready, gone }: Steps): Promise<Buffer> {
  const ended = machine.exited.then(({ detail, reason }) => Promise.reject(new Error(`the machine ended (${detail || reason})`)));
  ended.catch(() => undefined); // nobody may be waiting for it any more
  const freeze = async () => {
    await ready(machine);
    await new Promise<void>((resolve) => void clock.after(SETTLE_MS, resolve));
    return within(clock, SAVE_MS, "saving the machine's state", saveState(qemu.qmp, confined));
  };
  const kill = () => void machine.kill();
  if (gone.aborted) kill();
  // oxlint-disable-next-line mayfly/guarded-listeners -- it only sends a signal
  gone.addEventListener("abort", kill);
  return Promise.race([freeze(), ended]).finally(() => gone.removeEventListener("abort", kill));
}
