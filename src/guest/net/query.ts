/** A look-up of names: the types shared by those who ask and those who answer. */
import type { LookupAddress } from "node:dns";
import type { ResolveMessage } from "../../wire/protocol.ts";

export type Query = (this: unknown, host: string, ...rest: unknown[]) => Promise<unknown>;

export type Resolve = (host: string, family: Family, syscall: string) => Promise<LookupAddress[]>;

export type Family = ResolveMessage["family"];
