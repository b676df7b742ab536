import { usualKind } from "../../base/kind/machine-kind.ts";

/** The limits of a host that refuses a test only the fifth machine. */
export const roomyHost = {
  maxMachines: 4,
  maxMemoryMb: 1e6,
  maxVcpus: 1e6,
  startsPerSecond: 1e6,
  usual: usualKind,
  waitWorth: 100,
  cpuWorth: 9,
};
