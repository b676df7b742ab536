/** The source of a study's invocations as plain data: a generated family, or recorded files. A worker opens it, once for each run. */
import type { MachineModel, Workload } from "../simulator.ts";
import type { PackingOptions } from "../../policy/packing.ts";
import { families, type FamilyName } from "../workloads/families.ts";
import { readAzure2019 } from "../workloads/azure-2019.ts";
import { readAzure2021 } from "../workloads/azure-2021.ts";
import { readHuawei } from "../workloads/huawei.ts";
import { DemandWorkload, machineOf, optionsOf, type RecordedDemand } from "../workloads/recorded-demand.ts";
import { readRecording } from "../workloads/recorded.ts";
import { shorten } from "./shorten.ts";
import type { Trace } from "./trace-files.ts";

export type Source = GeneratedSource | TraceSource | DemandSource;

interface GeneratedSource {
  family: FamilyName;
  hours: number;
  apps: number;
}

interface TraceSource {
  trace: Trace;
  /** Hours and apps of the files that are read, at most. */
  hours: number;
  apps: number;
}

/** What a server recorded of an app's demand. */
interface DemandSource {
  demand: RecordedDemand;
  /** The app's name. */
  of: string;
}

export interface OpenSource {
  workload: Workload;
  /** Of a recorded live run: the model of its machines, the policy's options, and the numbers of starts and binds. */
  live?: { machine: MachineModel; options: PackingOptions; starts: number; binds: number };
}

export function openSource(source: Source, seed: number): OpenSource {
  if ("family" in source) return { workload: families[source.family](seed, source.hours, source.apps) };
  if ("demand" in source) return openDemand(source, seed);
  const { workload, live } = openTrace(source.trace, seed);
  return { workload: shorten(workload, source.hours, source.apps), ...(live === undefined ? {} : { live }) };
}

/** Each machine that was bound is taken to have been started for it: starts of blanks are not recorded by app. */
function openDemand({ demand, of }: DemandSource, seed: number): OpenSource {
  const { binds, rules } = demand;
  const workload = new DemandWorkload(`recorded demand of ${of}`, demand, rules, seed);
  return { workload, live: { machine: machineOf(demand), options: optionsOf(rules), starts: binds, binds } };
}

function openTrace(trace: Trace, seed: number): OpenSource {
  if (trace.kind === "recorded") {
    const { workload, live, machine, options } = readRecording(trace.file);
    return { workload, live: { ...live, machine, options } };
  }
  if (trace.kind === "azure2019") return { workload: readAzure2019(trace, seed) };
  if (trace.kind === "azure2021") return { workload: readAzure2021(trace.file, seed) };
  return { workload: readHuawei({ ...trace, durationUnitMs: trace.kind === "huawei2023" ? 1 : 1_000 }, seed) };
}

/** Name of the source, different from the names of the sources before it. */
export function nameOf(sources: readonly Source[], at: number): string {
  const name = kindOf(sources[at]!);
  const before = sources.slice(0, at).filter((source) => kindOf(source) === name).length;
  return before === 0 ? name : `${name}-${before + 1}`;
}

function kindOf(source: Source): string {
  if ("demand" in source) return source.of;
  return "family" in source ? source.family : source.trace.kind;
}

/** Whether the apps of the source leave it to the platform how many invocations a machine takes. Baselines do not learn that number: they would take the ceiling. */
export function isOfConcurrency(source: Source): boolean {
  return "family" in source && ["wait50", "spin50", "mix50"].includes(source.family);
}

export function isSynthetic(source: Source): boolean {
  return "family" in source;
}
