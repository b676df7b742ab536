/** The machine models that `--machine` knows. */
import { qemuMachines, slowMachines } from "../machine-models.ts";
import type { MachineModel } from "../simulator.ts";

export const machineModels = { qemu: qemuMachines, slow: slowMachines } as const satisfies Record<string, MachineModel>;

export type MachineName = keyof typeof machineModels;
