/** Finds the files that `--trace kind:path` names. */
import { accessSync, constants, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";

export type Trace =
  | { kind: "azure2019"; invocations: string[]; durations: string[]; memory: string[] }
  | { kind: "huawei2023" | "huawei2025"; requests: string[]; durations: string[] }
  | { kind: "azure2021"; file: string }
  | { kind: "recorded"; file: string };

const kinds = ["azure2019", "azure2021", "huawei2023", "huawei2025", "recorded"] as const;

/** @throws MayflyError "bad-request" for an unknown kind; the system's error where a file cannot be read */
export function findTrace(text: string): Trace {
  const colon = text.indexOf(":");
  const kind = kinds.find((each) => each === text.slice(0, colon));
  const path = text.slice(colon + 1);
  if (kind === undefined || path === "")
    throw new MayflyError("bad-request", { what: `there is no trace "${text}"; it is kind:path, with a kind of ${kinds.join(", ")}` });
  if (kind === "azure2019") return azure2019In(path);
  const files = path.split(",");
  for (const file of files) accessSync(file, constants.R_OK);
  if (kind === "huawei2023" || kind === "huawei2025") return huaweiOf(kind, files);
  if (files.length > 1) throw new MayflyError("bad-request", { what: `the trace ${kind} is one file` });
  return { kind, file: path };
}

/** Finds files by their published names: invocations_per_function…, function_durations_percentiles…, app_memory_percentiles…, one of each for a day. */
function azure2019In(folder: string): Trace {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".csv"))
    .toSorted();
  const named = (word: string) => files.filter((name) => name.includes(word)).map((name) => join(folder, name));
  const trace = { kind: "azure2019" as const, invocations: named("invocations"), durations: named("durations"), memory: named("memory") };
  if (trace.invocations.length === 0) throw new MayflyError("bad-request", { what: `${folder} has no file named invocations….csv` });
  return trace;
}

/** Files in a folder named function_delay… have durations; the other files have requests. */
function huaweiOf(kind: "huawei2023" | "huawei2025", files: string[]): Trace {
  const isDelay = (file: string) => basename(dirname(file)).includes("delay");
  return { kind, requests: files.filter((file) => !isDelay(file)), durations: files.filter(isDelay) };
}
