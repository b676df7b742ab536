/**
 * Resolves the requested modules to all that they need, each after those that it requires. A module of the list that has the required name
 * or provides it meets the requirement; otherwise the built-in module of that name does.
 */
import { MayflyError } from "../../base/errors/error.ts";
import type { LoadModule } from "./load-module.ts";
import type { Module } from "./module.ts";

export interface ResolvedModules {
  /** Required modules come before those that require them; apart from that, in the order requested. */
  order: Module[];
  /** By module name: all modules that it requires, directly or indirectly. */
  requirements: Map<string, Set<string>>;
}

/** Rejects with "bad-module" if a module is missing, if two provide the same, or if they require each other in a circle. */
export async function resolveModules(asked: string[], from: string, load: LoadModule): Promise<ResolvedModules> {
  const resolution = new Resolution(load);
  for (const one of asked) resolution.add(await load(one, from));
  for (const module of resolution.modules()) await resolution.visit(module, []);
  return { order: resolution.order, requirements: resolution.requirements };
}

class Resolution {
  readonly order: Module[] = [];
  readonly requirements = new Map<string, Set<string>>();
  /** By the module's name, and by everything that it provides. */
  readonly #providers = new Map<string, Module>();
  readonly #load: LoadModule;

  constructor(load: LoadModule) {
    this.#load = load;
  }

  modules(): Module[] {
    return [...new Set(this.#providers.values())];
  }

  add(module: Module): void {
    for (const provided of new Set([module.name, ...module.provides])) {
      const other = this.#providers.get(provided);
      if (other?.dir === module.dir) continue;
      if (other !== undefined) throw twoProvide(provided, other, module);
      this.#providers.set(provided, module);
    }
  }

  async visit(module: Module, path: Module[]): Promise<void> {
    if (path.includes(module)) throw circle([...path.slice(path.indexOf(module)), module]);
    if (this.requirements.has(module.name)) return;
    const all = new Set<string>();
    for (const required of module.requires) {
      const provider = await this.#provider(required, module);
      await this.visit(provider, [...path, module]);
      for (const name of [provider.name, ...this.requirements.get(provider.name)!]) all.add(name);
    }
    this.requirements.set(module.name, all);
    this.order.push(module);
  }

  async #provider(required: string, by: Module): Promise<Module> {
    const known = this.#providers.get(required);
    if (known !== undefined) return known;
    const module = await this.#load(required, by.dir).catch((error: unknown) => {
      if (!(error instanceof MayflyError) || error.code !== "bad-module") throw error;
      throw new MayflyError("bad-module", { module: by.asked, what: `it requires ${required}: ${String(error.details["what"])}` }, error);
    });
    this.add(module);
    return this.#providers.get(module.name)!;
  }
}

function twoProvide(provided: string, first: Module, second: Module): MayflyError {
  const what = `it provides ${provided}, and so does ${first.asked} (${first.dir})`;
  return new MayflyError("bad-module", { module: second.asked, what });
}

function circle(path: Module[]): MayflyError {
  return new MayflyError("bad-module", {
    module: path[0]!.asked,
    what: `modules require each other: ${path.map(({ name }) => name).join(" → ")}`,
  });
}
