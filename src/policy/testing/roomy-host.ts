import { USUAL } from "./kinds.ts";

/** A host of which nothing is short but what a test limits itself. */
export const roomyHost = { maxMemoryMb: 1e6, maxVcpus: 1e6, startsPerSecond: 1e6, usual: USUAL, waitWorth: 100, cpuWorth: 9 };
