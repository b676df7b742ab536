/** AWS's names of runtimes, and which of ours runs their functions. */
import type { NamedRuntime } from "../../base/kind/machine-kind.ts";

/** In AWS's order, which is that of its error messages. */
export const RUNTIMES =
  "nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, java25, python3.10, python3.11, java21, ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, java17, nodejs16.x, dotnet10, dotnet8, java11, dotnet6, nodejs18.x, provided.al2, java8.al2";

/** Those that a layer may be said to fit. */
export const LAYER_RUNTIMES =
  "ruby3.5, ruby2.6, dotnetcore1.0, python3.7, nodejs8.10, nasa, ruby2.7, python2.7-greengrass, dotnetcore2.0, python3.8, java21, dotnet6, dotnetcore2.1, python3.9, java11, nodejs6.10, provided, dotnetcore3.1, dotnet8, java25, java17, nodejs, nodejs4.3, java8.al2, go1.x, dotnet10, nodejs20.x, go1.9, byol, nodejs10.x, provided.al2023, nodejs22.x, python3.10, java8, nodejs12.x, python3.11, nodejs24.x, nodejs8.x, python3.12, nodejs14.x, nodejs8.9, nodejs26.x, python3.13, python3.14, nodejs16.x, python3.15, provided.al2, nodejs4.3-edge, nodejs18.x, ruby3.2, python3.4, ruby3.3, ruby3.4, ruby2.5, python3.6, python2.7";

/** Those with which AWS makes and changes no functions any more. */
const deprecated = new Set(
  (
    "nodejs, nodejs4.3, nodejs4.3-edge, nodejs6.10, nodejs8.10, nodejs10.x, nodejs12.x, nodejs14.x, python2.7, python3.6, python3.7, java8, dotnetcore1.0, " +
    "dotnetcore2.0, dotnetcore2.1, dotnetcore3.1, ruby2.5, ruby2.7, go1.x, provided"
  ).split(", "),
);

export function isDeprecatedRuntime(name: string): boolean {
  return deprecated.has(name);
}

const known = new Set([...RUNTIMES.split(", "), "nodejs26.x", "python3.15"]);

export function isKnownRuntime(name: string): boolean {
  return known.has(name);
}

/** The runtime here that runs functions of AWS's runtime; undefined if there is none, as for ruby and dotnet. */
export function ourRuntime(name: string): Exclude<NamedRuntime, "server"> | undefined {
  const [, language] = /^(nodejs|python|java|provided)/.exec(name) ?? [];
  return language === "nodejs" ? "node" : (language as "python" | "java" | "provided" | undefined);
}

/** What an app that was deployed otherwise is shown as. */
export const shownRuntimes: Record<NamedRuntime, string> = {
  node: "nodejs24.x",
  python: "python3.13",
  java: "java21",
  provided: "provided.al2023",
  server: "provided.al2023",
};

/** SnapStart in AWS's documentation: Java from 11 on, Python from 3.12 on, .NET from 8 on. */
export function hasSnapStart(name: string): boolean {
  if (/^java(11|17|21|25)$/.test(name)) return true;
  const [, python] = /^python3\.(\d+)$/.exec(name) ?? [];
  return python !== undefined && Number(python) >= 12;
}
