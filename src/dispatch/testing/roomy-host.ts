import { usualKind } from "../../base/kind/machine-kind.ts";
import { roomyHost as ofPolicy } from "../../policy/testing/roomy-host.ts";

/** A host that refuses a test only the fifth machine. Its usual kind is one that drivers know. */
export const roomyHost = { ...ofPolicy, maxMachines: 4, usual: usualKind };
