/**
 * One machine: a QEMU that continues a template on its own copy-on-write view of the template's memory.
 *
 * Owns the process, its control group and its user id; all are gone when `exited` resolves.
 */
import fs from "node:fs";

import type { Clock } from "../../base/clock/clock.ts";
import { within } from "../../base/clock/within.ts";
import type { Cgroup } from "../host/cgroup/cgroup.ts";
import { createCgroup } from "../host/cgroup/create-cgroup.ts";
import type { Machine, MachineSpec, Usage } from "../driver.ts";
import { type MachineExit, StartFailure } from "../exit.ts";
import { openInspectorChannel } from "../host/child/inspector-channel.ts";
import { QEMU_OVERHEAD } from "../host/qemu/spawn.ts";
import { inspectorAddress } from "../host/qemu/words.ts";
import { cloneArguments } from "./command-line.ts";
import type { Confined, Confinement } from "../host/qemu/confinement.ts";
import { putBehindDisk } from "./files-disk.ts";
import type { ImageWatch } from "./image-watch.ts";
import { loadState } from "./migration.ts";
import { type QemuProcess, startQemuProcess } from "./qemu-process.ts";
import type { Template } from "./templates.ts";
import type { MachineShape } from "./guest-kernel.ts";

export interface CloneOptions {
  spec: MachineSpec;
  shape: MachineShape;
  template: Template;
  /** The image of the files that the template had attached. */
  files?: string | undefined;
  /** Whether the machine writes to the template's memory file, which is its own, instead of to a copy. */
  keeps?: boolean;
  /** The file for the address of the machine's inspector, if debuggers are to reach it. */
  inspectFile?: string | undefined;
  /** Descriptor of the image's root. */
  root: number;
  confinement: Confinement;
  clock: Clock;
  /** Called with whether the clone came up, from which the template is judged. */
  tried: (worked: boolean) => void;
  /** The watch over the image that the clone runs from. */
  watch: Pick<ImageWatch, "suspect" | "damage">;
}

/** Milliseconds. A start takes 40 ms on an idle host, but many starts at once share the host's cores. */
const START_MS = 60_000;

export interface Clone {
  machine: Machine;
  qemu: QemuProcess;
  confined: Confined;
}

/** Resolves when the guest runs. Rejects with a StartFailure. QEMU has the template's descriptors before this turn of the event loop ends. */
export async function startClone(options: CloneOptions): Promise<Clone> {
  const { spec, files } = options;
  const confined = options.confinement.take();
  const limits = { memoryMb: spec.memoryMb + QEMU_OVERHEAD.memoryMb, vcpus: spec.vcpus + QEMU_OVERHEAD.vcpus };
  const cgroup = createCgroup({ id: spec.id, ...limits, awaited: spec.awaited });
  const qemu = await spawnClone(options, confined).catch(async (error: Error) => {
    await cgroup.remove();
    confined.release();
    throw new StartFailure(error.message, error);
  });
  const machine = createMachine(options, qemu, cgroup, confined);
  try {
    cgroup.add(qemu.pid);
    await within(
      options.clock,
      START_MS,
      "its resume",
      // In the clone of a snapshot the app's code runs at once, and may read its files.
      loadState(qemu.qmp, files === undefined ? undefined : () => putBehindDisk(qemu.qmp, files)),
    );
    return { machine, qemu, confined };
  } catch (error) {
    options.tried(false);
    await machine.kill();
    throw new StartFailure(`QEMU did not take over its template's state: ${(error as Error).message}`, error, qemu.stderr.lastLines(4));
  }
}

async function spawnClone(
  { spec, shape, template, keeps, inspectFile, root, clock }: CloneOptions,
  confined: Confined,
): Promise<QemuProcess> {
  // The state is opened anew for each clone, because clones that share a descriptor would share its position too.
  const state = fs.openSync(`/proc/self/fd/${template.state}`, "r");
  try {
    const inspected = inspectFile !== undefined;
    const args = cloneArguments(shape, spec.id, { keeps: keeps === true, inspected });
    return startQemuProcess(confined, args, { state, memory: template.memory, root }, clock, inspected);
  } finally {
    fs.closeSync(state);
  }
}

function createMachine(
  { spec, shape, tried, watch, inspectFile }: CloneOptions,
  qemu: QemuProcess,
  cgroup: Cgroup,
  confined: Confined,
): Machine {
  let killed = false;
  let last: Usage = { cpuUs: 0, memoryBytes: 0 };
  let ended = false;
  const exited = qemu.exited.then(async (exit) => {
    last = { cpuUs: cgroup.usage().cpuUs, memoryBytes: 0 };
    ended = true;
    const { blamesDisk, ...outcome } = describeExit({ killed, oomKilled: cgroup.oomKilled(), exit, qemu, shape });
    const left = await cgroup.remove().catch((error: Error) => error);
    // A process that is stuck in the kernel keeps its user id as well.
    if (left === undefined) confined.release();
    const detail = left === undefined ? outcome.detail : [outcome.detail, `left behind: ${left.message}`].filter(Boolean).join("; ");
    return blamed({ ...outcome, detail }, blamesDisk, watch);
  });
  const { filesDisk } = shape.guest;
  if (qemu.inspector !== undefined && inspectFile !== undefined) openInspectorChannel(qemu.inspector, inspectFile);
  return {
    id: spec.id,
    ...(filesDisk && {
      async attach(files) {
        await putBehindDisk(qemu.qmp, await files.path("image"));
        return { type: "folder", ...filesDisk };
      },
    }),
    channel: qemu.channel,
    ...(shape.guest.mounts && { mounts: qemu.mounts }),
    ...(qemu.inspector && { inspector: { address: inspectorAddress } }),
    fresh: false,
    exited,
    cameUp: tried,
    followPrinted: (take) => qemu.console.follow(take, shape.guest.ownLines),
    usage: () => (ended ? last : cgroup.usage()),
    assign: (app, tenant) => cgroup.assign(app, tenant),
    stop: async () => void (await qemu.qmp.command("stop")),
    cont: async () => void (await qemu.qmp.command("cont")),
    kill() {
      if (!ended) killed = true;
      qemu.kill();
      return exited;
    },
  };
}

/** If an end hints at the disk, waits until the image was checked. Any other crash starts a check too, but does not wait for it. */
async function blamed(outcome: MachineExit, blamesDisk: boolean, watch: CloneOptions["watch"]): Promise<MachineExit> {
  const looking = blamesDisk || outcome.reason === "crashed" ? watch.suspect() : undefined;
  if (blamesDisk) await looking;
  const damage = watch.damage();
  return damage === undefined ? outcome : { ...outcome, reason: "image-damaged", detail: damage, output: [] };
}

interface Ended {
  killed: boolean;
  oomKilled: boolean;
  exit: Awaited<QemuProcess["exited"]>;
  qemu: QemuProcess;
  shape: MachineShape;
}

function describeExit({ killed, oomKilled, exit, qemu, shape }: Ended): MachineExit & { blamesDisk: boolean } {
  const console = qemu.console.text();
  const guest = shape.guest.endOf(console);
  const { output, blamesDisk, code, signal } = guest;
  if (killed) return { reason: "killed", detail: "", output: [], blamesDisk };
  const failed = exit.signal !== null || exit.code !== 0;
  const ofQemu = exit.signal === null ? `QEMU ended with code ${exit.code}` : `QEMU ended by ${exit.signal}`;
  const reason = oomKilled ? "out-of-memory" : failed ? "crashed" : guest.reason;
  const forOperator = [qemu.stderr.text(), console].filter(Boolean).join("\n");
  const detail = failed ? ofQemu : guest.detail;
  const ofProgram = failed ? {} : { ...(code !== undefined && { code }), ...(signal !== undefined && { signal }) };
  return { reason, detail, ...ofProgram, output, blamesDisk, ...(reason !== "exited" && forOperator !== "" && { forOperator }) };
}
