/** AWS Lambda's runtimes, and what runs their code here. */
import type { NamedRuntime } from "../base/kind/machine-kind.ts";
import { BadToolFile } from "./document/bad-tool-file.ts";

const families: [names: RegExp, runtime: NamedRuntime][] = [
  [/^nodejs\d+\.x$/, "node"],
  [/^python3\.\d+$/, "python"],
  [/^java\d+(\.al2(023)?)?$/, "java"],
  [/^provided(\.al2(023)?)?$/, "provided"],
];

/** Of families that cannot be run, and what to do. */
const others: [names: RegExp, cure: string][] = [
  [/^go1\.x$/, "build the program for provided.al2023, as AWS Lambda asks for since 2024, with a file called bootstrap"],
  [/^dotnet/, "publish the function as a self-contained program for provided.al2023"],
  [/^ruby/, "there is no Ruby here; as a program with its interpreter beside it, it runs with provided.al2023"],
  [/^(nodejs|nodejs4\.3-edge|python2\.7|dotnetcore\d.*)$/, "name a runtime that AWS Lambda still has"],
];

export function runtimeFor(given: string, at: string): NamedRuntime {
  const family = families.find(([names]) => names.test(given));
  if (family !== undefined) return family[1];
  const cure = others.find(([names]) => names.test(given))?.[1] ?? "there are nodejs…, python3.…, java… and provided…";
  throw new BadToolFile(at, `the runtime is ${JSON.stringify(given.slice(0, 60))}, which nothing runs here: ${cure}`);
}
