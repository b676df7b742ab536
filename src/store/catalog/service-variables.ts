/**
 * The variables by which programs of every language find the platform's services from their machines. What the app's own environment says counts more.
 * A service that has a protocol of its own adds its lines to variablesOf().
 */
import { serviceUrl } from "../../base/network/internal.ts";
import type { Binding, Bindings } from "./binding-schema.ts";

export function serviceVariables({ bindings = {} }: { bindings?: Bindings | undefined }): Record<string, string> {
  return Object.fromEntries(Object.entries(bindings).flatMap(([name, binding]) => variablesOf(name, binding)));
}

function variablesOf(name: string, binding: Binding): [variable: string, value: string][] {
  return [[`MAYFLY_KV_${name}`, `${serviceUrl("kv")}/v1/${binding.kv}`]];
}
