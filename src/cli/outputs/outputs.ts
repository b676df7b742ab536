/**
 * What each command prints with `--json`, as schemas, by the command's words. This table is the one source: commands print by asJson(), whose argument has the
 * type of its schema; docs/schemas/ is generated from it; and tests hold what commands really print against it.
 */
import { appOutputs } from "./of-apps.ts";
import { imageOutputs } from "./of-images.ts";
import { platformOutputs } from "./of-platform.ts";
import { serviceOutputs } from "./of-services.ts";
import { toolOutputs } from "./of-tools.ts";
import { workOutputs } from "./of-work.ts";

export const outputs = { ...appOutputs, ...workOutputs, ...serviceOutputs, ...platformOutputs, ...imageOutputs, ...toolOutputs };

export type OutputName = keyof typeof outputs;

/** Matched by the field that holds the type, not by `z.ZodType`: that comparison costs the compiler minutes. */
export type Output<Name extends OutputName> = (typeof outputs)[Name] extends { _zod: { output: infer Printed } } ? Printed : never;

/** Commands that print a line of JSON for each thing, as it comes: their schemas are of one line. */
export const linesOf: ReadonlySet<OutputName> = new Set<OutputName>(["logs", "appliance logs", "audit", "dev", "test-app", "top"]);
