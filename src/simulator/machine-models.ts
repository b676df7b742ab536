/** Models of machines for the simulator, from measurements. */
import type { MachineModel } from "./simulator.ts";

/**
 * The driver `qemu` without KVM, on the host of `bench/README.md` ("Last results"): 45 ms to get QEMU running and 150 ms to translate
 * code make a blank; a waiting blank gives its first reply after 28 ms; an idle machine holds 43 MB. A start and a bind use a CPU nearly all the time.
 */
export const qemuMachines: MachineModel = { startMs: 200, bindMs: 30, startCpuMs: 195, bindCpuMs: 25, blankMb: 43, speed: 1 };

/**
 * Slow machines, for sensitivity: the mean cold start of Huawei's public cloud is 3.24 s ("Serverless Cold Starts and Where to Find
 * Them", EuroSys 2025), of which pod allocation and scheduling, which blanks would hide, are the greater part.
 */
export const slowMachines: MachineModel = { startMs: 2_700, bindMs: 500, startCpuMs: 1_000, bindCpuMs: 250, blankMb: 128, speed: 1 };

/** Duration of a start, ms. @param count number of the start in its run, from 1 */
export function startTime({ startMs, startTimesMs }: MachineModel, count: number): number {
  return startTimesMs?.[(count - 1) % startTimesMs.length] ?? startMs;
}

/** Duration of a bind, ms. @param count number of the bind in its run, from 1 */
export function bindTime({ bindMs, bindTimesMs }: MachineModel, count: number): number {
  return bindTimesMs?.[(count - 1) % bindTimesMs.length] ?? bindMs;
}
