/** The agent of Java, with the suite's functions as methods of classes that are compiled here into one jar. */
import { fileURLToPath } from "node:url";
import { compileFolder, jarOf, spawnJavaAgent } from "../../runtimes/java/testing/java-agent.ts";
import type { AgentAdapter, ConformanceFunction } from "../adapter.ts";

const handlers: Record<ConformanceFunction, string> = {
  echo: "suite.Suite::echo",
  same: "suite.Suite::same",
  about: "suite.Suite::about",
  counts: "suite.Counts::handle",
  replies: "suite.Suite::replies",
  large: "suite.Suite::large",
  streams: "suite.Suite::streams",
  gate: "suite.Suite::gate",
  midway: "suite.Suite::midway",
  throws: "suite.Suite::throwing",
  broken: "suite.Broken::handle",
  unspeakable: "suite.Suite::unspeakable",
  sleeps: "suite.Suite::sleeps",
  listens: "suite.Suite::listens",
  computes: "suite.Suite::computes",
  prints: "suite.Suite::prints",
  draws: "suite.Suite::draws",
  seeds: "suite.Suite::seeds",
  surroundings: "suite.Surroundings::handle",
  hooks: "suite.Hooks::handle",
  exits: "suite.Suite::exits",
  crashes: "suite.Suite::crashes",
};

export async function javaAgent(): Promise<AgentAdapter> {
  const code = jarOf(await compileFolder(fileURLToPath(new URL("java", import.meta.url))));
  const named = Object.entries(handlers).map(([name, handler]) => [name, { code, handler }]);
  const functions = Object.fromEntries(named) as AgentAdapter["functions"];
  return {
    name: "java of Debian 12",
    format: "java",
    runtimeVersion: /^17\./,
    start: (taskRoot, console) => spawnJavaAgent({ taskRoot, console: console === "pipe" }),
    functions,
    echoPath: "app/echo.jar",
  };
}
