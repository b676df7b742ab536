import { type AppRuntime, type GuestKernelName, isProgramRuntime, usualRuntime } from "../../base/kind/machine-kind.ts";
import type { RunManifest } from "./parts.ts";

/** What keeps the app from having machines on a host whose driver has these kernels, as a clause. @param kernels the usual one first */
export function lackingKernel(manifest: Pick<RunManifest, "kernel" | "runtime">, kernels: readonly GuestKernelName[]): string | undefined {
  const { kernel, runtime = usualRuntime } = manifest;
  const unfit = (kernel ?? kernels[0]) === "osv" ? unfitForOsv([runtime]) : undefined;
  if (unfit !== undefined) return `its mayfly.json asks for what the kernel osv has not: ${unfit}`;
  if (kernel === undefined || kernels.includes(kernel)) return undefined;
  return `its mayfly.json asks for the kernel ${kernel}, and this host has ${kernels.join(" and ")}`;
}

/** Why machines with the kernel osv cannot run functions of these runtimes, as a clause with the cure; undefined if they can. */
export function unfitForOsv(runtimes: AppRuntime[]): string | undefined {
  if (runtimes.some(isProgramRuntime))
    return 'the runtimes provided and server run programs beside an agent, and a machine with the kernel osv is a single process: let kernel be "linux"';
  return undefined;
}
