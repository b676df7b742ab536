/** A look-up of names, as those who ask and those who answer know it. */
import type { LookupAddress } from "node:dns";
import type { ResolveMessage } from "../../wire/protocol.ts";

export type Query = (this: unknown, host: string, ...rest: unknown[]) => Promise<unknown>;

export type Resolve = (host: string, family: Family, syscall: string) => Promise<LookupAddress[]>;

export type Family = ResolveMessage["family"];
