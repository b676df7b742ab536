import { type GuestKernelName, usualRuntime } from "../../base/kind/machine-kind.ts";
import type { RunManifest } from "./parts.ts";

/** What keeps the app from having machines on a host whose driver has these kernels, as a clause. @param kernels the usual one first */
export function lackingKernel(manifest: Pick<RunManifest, "kernel" | "runtime">, kernels: readonly GuestKernelName[]): string | undefined {
  const { kernel, runtime = usualRuntime } = manifest;
  if (runtime !== usualRuntime && (kernel ?? kernels[0]) === "osv")
    return `its mayfly.json asks for the runtime ${runtime}, which runs on the kernel linux alone: name that as its kernel`;
  if (kernel === undefined || kernels.includes(kernel)) return undefined;
  return `its mayfly.json asks for the kernel ${kernel}, and this host has ${kernels.join(" and ")}`;
}
