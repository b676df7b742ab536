import type { GuestKernelName } from "../../base/kind/machine-kind.ts";
import type { Manifest } from "./manifest.ts";

/** What keeps the app from having machines on a host whose driver has these kernels, as a clause. @param kernels the usual one first */
export function lackingKernel({ kernel }: Pick<Manifest, "kernel">, kernels: readonly GuestKernelName[]): string | undefined {
  if (kernel === undefined || kernels.includes(kernel)) return undefined;
  return `its mayfly.json asks for the kernel ${kernel}, and this host has ${kernels.join(" and ")}`;
}
