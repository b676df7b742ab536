/**
 * Runs machines as real VMs: clones of a template, each a confined QEMU. docs/drivers-qemu.md has the measurements behind it. Machines of several guest
 * kernels run side by side.
 *
 * Owns what machines of each kernel start from (stock.ts); the jail is its host's.
 */
import { within } from "../../base/clock/within.ts";
import { MayflyError } from "../../base/errors/error.ts";
import type { Driver, DriverTraits, Probe, Snapshots } from "../driver.ts";
import { type MachineChoice, usualRuntime } from "../../base/kind/machine-kind.ts";
import { StartFailure } from "../exit.ts";
import { closeCgroups, sweepCgroups } from "../host/cgroup/create-cgroup.ts";
import { removeSaved, removeUnfinished, savedSnapshots } from "./app-templates.ts";
import { createStock, type GuestSource, type Stock, type StockOptions } from "./stock.ts";

export interface QemuDriverOptions extends Omit<StockOptions, "warn"> {
  /** At least one. The first is the kernel of machines that do not ask for a particular one. */
  guests: GuestSource[];
  warn?: ((text: string) => void) | undefined;
}

const IMAGE_MS = 20_000;

const traits: DriverTraits = {
  ownKernel: true,
  hostNetwork: false,
  // Without KVM a guest may be twenty times slower than its host.
  answerMs: 3_000,
  idleShare: 0.02,
  wakeUs: 20_000,
};

export function createQemuDriver({ guests, warn = () => undefined, ...options }: QemuDriverOptions): Driver {
  const stocks = guests.map((guest) => createStock(guest, { ...options, warn }));
  const [usual] = stocks as [Stock];
  const kernels = [...new Set(stocks.map(({ kernel }) => kernel.name))];
  /** What a server that was killed has left is cleared away once. */
  let isSwept = false;
  const stockOf = ({ kernel: name = usual.kernel.name, runtime = usualRuntime }: MachineChoice) =>
    stocks.find((stock) => stock.kernel.name === name && stock.runtime === runtime);
  const snapshotsIn = (folder: string): Snapshots => {
    let hasUnfinished = true;
    const tidy = () => {
      if (hasUnfinished) removeUnfinished(folder);
      hasUnfinished = false;
    };
    return {
      async make(spec, steps) {
        const stock = stockOf(spec);
        if (stock === undefined) throw new StartFailure(`this host starts no machines of ${inWords(spec)}`);
        tidy();
        await stock.freeze(spec, steps);
      },
      load: async (kind, snapshot) => (await stockOf(kind)?.thaw(kind, snapshot)) === true,
      drop(part) {
        for (const stock of stocks) stock.drop(part);
        removeSaved(folder, part);
      },
      saved() {
        tidy();
        return savedSnapshots(folder);
      },
    };
  };
  const { snapshotDir } = options;
  return {
    name: "qemu",
    traits,
    kernels,
    damage: () => stocks.map((stock) => stock.damage()).find((damage) => damage !== undefined),
    attaches: (kind) => (stockOf(kind)?.kernel.filesDisk === undefined ? undefined : "image"),
    mountsNfs: (kind) => stockOf(kind)?.kernel.mounts === true,
    probe: () => probe(usual, options),
    async prepare(progress, kind) {
      if (!isSwept) await sweepCgroups();
      isSwept = true;
      const stock = stockOf(kind);
      if (stock === undefined) throw new MayflyError("internal", { what: `a machine of ${inWords(kind)} is to be prepared` });
      await stock.prepare(progress, kind);
    },
    release: (kind) => stockOf(kind)?.release(kind),
    async start(spec) {
      const stock = stockOf(spec);
      if (stock === undefined) throw new StartFailure(`this host starts no machines of ${inWords(spec)}`);
      return stock.start(spec);
    },
    ...(snapshotDir !== undefined && { snapshots: snapshotsIn(snapshotDir) }),
    async close() {
      await Promise.all(stocks.map((stock) => stock.close()));
      closeCgroups();
    },
  };
}

/** What a driver that lacks it says. */
function inWords({ kernel, runtime = usualRuntime }: MachineChoice): string {
  return `the kernel ${kernel ?? "that is usual"} with the runtime ${runtime}`;
}

async function probe(stock: Stock, { clock }: Pick<QemuDriverOptions, "clock">): Promise<Probe> {
  try {
    const { host, verdict } = await within(clock, IMAGE_MS, "making the guests' image", stock.open());
    const chosen = verdict.accelerator === "kvm" ? "KVM" : "TCG (software emulation)";
    const guests = stock.kernel.name === "linux" ? "" : `, ${stock.kernel.title} guests`;
    return { ok: true, detail: `QEMU ${host.facts.qemuVersion} with ${chosen}${guests}: ${verdict.why}; ${host.confinement.detail}` };
  } catch (error) {
    const cure = error instanceof MayflyError ? error.cure : "Run `mayfly image build`, then try again.";
    return { ok: false, reason: (error as Error).message, cure };
  }
}
