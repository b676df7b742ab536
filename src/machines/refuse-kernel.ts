import type { Driver, MachineSpec } from "./driver.ts";
import { StartFailure } from "./exit.ts";

/** For drivers: throws where the machine is to have a kernel that the driver does not have. Another one in its place would not be what was asked for. */
export function refuseOtherKernels({ kernel }: Pick<MachineSpec, "kernel">, kernels: Driver["kernels"]): void {
  if (kernel !== undefined && !kernels.includes(kernel)) throw new StartFailure(`this host starts no machines of the kernel ${kernel}`);
}
