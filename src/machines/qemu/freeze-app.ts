/** Makes a template of an app: starts a machine on memory of its own, has it bound, and freezes it. */
import fs from "node:fs";

import { createMemoryFile, makeImmutable } from "../../base/libc/libc.ts";
import type { Machine } from "../driver.ts";
import type { FrozenMachine } from "./build-template.ts";
import { type Clone, type CloneOptions, startClone } from "./clone.ts";
import { saveState } from "./migration.ts";
import { copySparse } from "./sparse-copy.ts";

/** Milliseconds for which a machine that is ready settles: what its processes wrote last has then been written. */
const SETTLE_MS = 500;

/**
 * @param options of a clone of the kind's template, whose memory is copied
 * @param ready binds the machine, and resolves when it may be frozen
 */
export async function freezeApp(options: CloneOptions, ready: (machine: Machine) => Promise<void>): Promise<FrozenMachine> {
  const memory = createMemoryFile("mayfly-snapshot");
  try {
    await copySparse(options.template.memory, memory);
    const clone = await startClone({ ...options, template: { ...options.template, memory }, keeps: true });
    const state = await freezeReady(clone, options, ready).finally(() => clone.machine.kill());
    makeImmutable(memory);
    return { memory, state };
  } catch (error) {
    fs.closeSync(memory);
    throw error;
  }
}

async function freezeReady({ machine, qemu, confined }: Clone, { clock }: CloneOptions, ready: (machine: Machine) => Promise<void>) {
  const ended = machine.exited.then(({ detail, reason }) => Promise.reject(new Error(`the machine ended (${detail || reason})`)));
  ended.catch(() => undefined); // nobody may be waiting for it any more
  const freeze = async () => {
    await ready(machine);
    await new Promise<void>((resolve) => void clock.after(SETTLE_MS, resolve));
    return saveState(qemu.qmp, confined);
  };
  return Promise.race([freeze(), ended]);
}
