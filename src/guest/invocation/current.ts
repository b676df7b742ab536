/** Which invocation the running code belongs to. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Invocation } from "./invocation.ts";

export const current = new AsyncLocalStorage<Invocation | null>();
