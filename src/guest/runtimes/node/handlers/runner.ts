import type { Invocation } from "../../../agent/invocation/invocation.ts";

/** Runs a loaded function for one invocation, and makes sure that the invocation is answered. Never throws. */
export type Runner = (invocation: Invocation) => void;
