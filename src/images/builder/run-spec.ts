/** Combines what the image's modules say into what the image runs. */
import { MayflyError } from "../../base/errors/error.ts";
import type { RunSpec } from "../image.ts";
import type { Module } from "../modules/module.ts";
import type { ResolvedModules } from "../modules/resolve-modules.ts";

/** Null for an image with the agent. Rejects with "bad-module" if modules contradict each other. */
export function runSpecOf(modules: Module[], requirements: ResolvedModules["requirements"]): RunSpec | null {
  const [agent, second] = modules.filter((module) => module.agent !== undefined);
  if (second !== undefined)
    throw new MayflyError("bad-module", { module: second.asked, what: `it starts an agent, and so does ${agent!.asked}` });
  if (agent !== undefined) return noCommand(agent, modules, requirements);
  const above = (one: Module, other: Module) => requirements.get(one.name)!.has(other.name);
  const { run } = commandOf(modules, above);
  return { env: environmentOf(modules, above), cwd: run.cwd, init: modules.flatMap(({ init }) => init), command: run.command };
}

/** The platform decides how the agent is started, so a module's command would be ignored; that is an error. */
function noCommand(agent: Module, modules: Module[], requirements: ResolvedModules["requirements"]): null {
  const others = modules.filter((module) => module !== agent && !requirements.get(agent.name)!.has(module.name));
  const wishful = others.find(({ env, init }) => init.length > 0 || Object.keys(env).length > 0);
  if (wishful === undefined) return null;
  const what =
    "it has init steps or variables, but the image starts Mayfly's agent, which gets neither; an app's variables are in its mayfly.json";
  throw new MayflyError("bad-module", { module: wishful.asked, what });
}

type Above = (one: Module, other: Module) => boolean;

type Runnable = Module & { run: NonNullable<Module["run"]> };

/** A module's command overrides those of the modules that it requires. A built-in module's command is only a default. */
function commandOf(modules: Module[], above: Above): Runnable {
  const all = modules.filter((module): module is Runnable => module.run !== undefined);
  const top = all.filter((module) => !all.some((other) => above(other, module)));
  const [first, second] = top.filter(({ builtIn }) => !builtIn);
  const found = first ?? top.at(-1);
  if (found === undefined) throw new MayflyError("bad-module", { module: modules.at(-1)!.asked, what: "no module says what to run" });
  if (second === undefined) return found;
  const what = `it says what to run, and so does ${found.asked}; build them alone, or with a module that requires both and has "run"`;
  throw new MayflyError("bad-module", { module: second.asked, what });
}

/** A module's variables override those of the modules that it requires. */
function environmentOf(modules: Module[], above: Above): Record<string, string> {
  const from = new Map<string, Module>();
  for (const module of modules) {
    for (const [name, value] of Object.entries(module.env)) {
      const other = from.get(name);
      if (other !== undefined && other.env[name] !== value && !above(module, other)) {
        const what = `it sets ${name} to ${JSON.stringify(value)}, but ${other.asked} sets it to ${JSON.stringify(other.env[name])}`;
        throw new MayflyError("bad-module", { module: module.asked, what });
      }
      from.set(name, module);
    }
  }
  return Object.fromEntries([...from].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, module]) => [name, module.env[name]!]));
}
