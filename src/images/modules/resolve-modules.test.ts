import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { MayflyError } from "../../base/errors/error.ts";
import { type LoadModule, moduleLoader } from "./load-module.ts";
import { moduleSchema, type ModuleSource } from "./module.ts";
import { resolveModules } from "./resolve-modules.ts";

/** Makes modules available by name, as if they were built in. */
function loader(...sources: ModuleSource[]): LoadModule {
  const modules = new Map(
    sources.map(
      (source) => [source.name, { ...moduleSchema.parse(source), dir: `/m/${source.name}`, asked: source.name, builtIn: true }] as const,
    ),
  );
  return async (asked) => modules.get(asked) ?? Promise.reject(new MayflyError("bad-module", { module: asked, what: "there is none" }));
}

async function order(asked: string[], ...sources: ModuleSource[]): Promise<string[]> {
  return (await resolveModules(asked, "/", loader(...sources))).order.map(({ name }) => name);
}

test("required modules come first; the others keep the requested order", async () => {
  const modules = [{ name: "z" }, { name: "app", requires: ["lib"] }, { name: "lib", requires: ["base"] }, { name: "base" }];
  assert.deepEqual(await order(["z", "app"], ...modules), ["z", "base", "lib", "app"]);
});

test("a module of the list meets a requirement that it provides", async () => {
  const modules = [{ name: "app", requires: ["runtime"] }, { name: "runtime" }, { name: "mine", provides: ["runtime"] }];
  assert.deepEqual(await order(["app", "mine"], ...modules), ["mine", "app"]);
  assert.deepEqual(await order(["app"], ...modules), ["runtime", "app"]);
});

const refused: [string, string[], ModuleSource[], RegExp][] = [
  [
    "a circle",
    ["a"],
    [
      { name: "a", requires: ["b"] },
      { name: "b", requires: ["a"] },
    ],
    /modules require each other: a → b → a/,
  ],
  ["a module that requires itself", ["a"], [{ name: "a", requires: ["a"] }], /a → a/],
  ["a missing requirement", ["a"], [{ name: "a", requires: ["b"] }], /module a cannot be used: it requires b: there is none/],
  [
    "two that provide the same",
    ["a", "b"],
    [
      { name: "a", provides: ["x"] },
      { name: "b", provides: ["x"] },
    ],
    /it provides x, and so does a/,
  ],
];

for (const [what, asked, modules, message] of refused) {
  test(`${what} is refused, by name`, () => assert.rejects(order(asked, ...modules), message));
}

test("in any graph, each module is listed once and after those that it requires, or the graph has a circle", async () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  const graph = fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(graph, fc.subarray(names, { minLength: 1 }), async (edges, asked) => {
      const requires = (name: string) => [...new Set(edges.filter(([from]) => names[from] === name).map(([, to]) => names[to]!))];
      const sources = names.map((name) => ({ name, requires: requires(name) }));
      const found = await order(asked, ...sources).catch((error: Error) => error.message);
      if (typeof found === "string") return assert.ok(hasCircle(asked, requires), found);
      assert.equal(new Set(found).size, found.length);
      for (const name of found)
        for (const one of requires(name)) assert.ok(found.indexOf(one) < found.indexOf(name), `${one} before ${name}`);
      for (const name of asked) assert.ok(found.includes(name));
    }),
  );
});

function hasCircle(asked: string[], requires: (name: string) => string[], path: string[] = []): boolean {
  return asked.some((name) => path.includes(name) || hasCircle(requires(name), requires, [...path, name]));
}

const load = moduleLoader({ agentEntry: undefined, cacheDir: "/nowhere", progress: () => {} });

test("the built-in modules are valid, and the modules that they require exist", async () => {
  for (const name of ["agent", "base", "java", "kernel-linux", "native", "node", "python"]) {
    const { order: all } = await resolveModules([name], "/", load);
    assert.equal(all.at(-1)!.name, name);
  }
});

test("the name of an unknown built-in module is refused with the list of existing ones", async () => {
  await assert.rejects(load("jvaa", "/"), /no built-in module has this name; there are agent, agent-java, agent-python, base, java/);
  await assert.rejects(load("./nowhere", "/tmp"), /there is no module\.json or module\.ts in \/tmp\/nowhere/);
});
