/** Images of modules on the command line: every built-in module is booted. Also: what keeps the cache small. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type Definitions, definitionsFile, openDefinitions } from "../src/appliances/definitions.ts";
import { openSeal } from "../src/store/catalog/seal.ts";
import { makeScratch } from "../src/images/builder/testing/scratch.ts";
import { type Outcome, mayfly } from "./command.ts";

/** The definition of a stopped appliance, as a server leaves it. */
function definitionsIn(stateDir: string): Definitions {
  return openDefinitions(definitionsFile(stateDir), openSeal(join(stateDir, "key"), true), String);
}

describe("images of modules", () => {
  const scratch = makeScratch();
  after(scratch.remove);
  const cacheDir = scratch.newCache("cache");

  const run = (...args: string[]): Promise<Outcome> => mayfly(["image", ...args], { env: { MAYFLY_CACHE_DIR: cacheDir } });
  const json = async (...args: string[]): Promise<Record<string, any>> => {
    const outcome = await run(...args, "--json");
    assert.equal(outcome.code, 0, outcome.stderr + outcome.stdout);
    return JSON.parse(outcome.stdout) as Record<string, any>;
  };

  for (const module of ["native", "python", "java", "node"]) {
    test(`the module ${module} boots, and passes its tests there`, async () => {
      const { id } = await json("build", module, "--name", module);
      const checked = await json("check", id.slice(0, 12));
      assert.ok(checked.tests.some((one: { module: string }) => one.module === module));
      assert.deepEqual(
        checked.tests.filter((one: { ok: boolean }) => !one.ok),
        [],
      );
    });
  }

  test("the image that machines start from passes its tests, run by its agent", async () => {
    await json("build");
    const { ok, tests } = await json("check", "latest");
    assert.ok(ok, JSON.stringify(tests));
    assert.ok(tests.length > 1);
  });

  test("a user's module runs its init steps and its tests; one that fails is named, and check ends with 1", async () => {
    const folder = scratch.module("mine", {
      name: "mine",
      requires: ["native"],
      env: { GREETING: "it's here" },
      init: [["/bin/busybox", "mkdir", "/ready"]],
      run: { command: ["/bin/sh", "-c", "echo $GREETING"] },
      tests: [
        { name: "the step ran, and variables are set", command: ["/bin/sh", "-c", 'cd /ready && echo "$GREETING"'], prints: "^it's here$" },
        { name: "a lie", command: ["/bin/busybox", "echo", "truth"], prints: "lie" },
        { name: "an end", command: ["/bin/sh", "-c", "echo why; exit 3"] },
      ],
    });
    await json("build", folder, "--name", "mine");
    const { code, stdout } = await run("check", "mine", "--json");
    assert.equal(code, 1);
    const { ok, tests } = JSON.parse(stdout) as { ok: boolean; tests: { module: string; ok: boolean; what: string }[] };
    assert.equal(ok, false);
    const mine = tests.filter(({ module }) => module === "mine");
    assert.deepEqual(
      mine.map((one) => one.ok),
      [true, false, false],
    );
    assert.match(mine[1]!.what, /printed "truth", which does not match \/lie\//);
    assert.match(mine[2]!.what, /ended with code 3 and printed "why"/);
  });

  test("inspect shows modules, packages and the largest files; diff shows the differences", async () => {
    const { modules, packages, largest, names } = await json("inspect", "node");
    assert.deepEqual(names, ["node"]);
    assert.deepEqual(
      modules.map(({ name }: { name: string }) => name),
      ["kernel-linux", "base", "node"],
    );
    assert.ok(packages.some(({ name }: { name: string }) => name === "libstdc++6"));
    assert.equal(largest[0].path, "/bin/node");
    const { parts, files } = await json("diff", "native", "mine");
    assert.ok(parts.some(({ what }: { what: string }) => what === "module mine"));
    assert.deepEqual(files, []);
    const words = await run("diff", "native", "python");
    assert.match(words.stdout, /\+ \/usr\/bin\/python3\.11: \d+ bytes, executable/);
    assert.match(words.stdout, /- \/bin\/busybox/);
    assert.match((await run("diff", "native", "native")).stdout, /They are the same\./);
  });

  test("a build without changes makes nothing, even if the cached steps are gone", async () => {
    assert.ok((await json("clean")).steps > 5);
    assert.equal((await run("build", "python")).stderr, "");
  });

  test("prune keeps the machines' image, named images and images in use, and removes the rest", async () => {
    const { id, dir } = await json(
      "build",
      scratch.module("unnamed", { name: "unnamed", requires: ["native"], files: [{ text: "", to: "/unnamed" }] }),
    );
    const user = spawn("sleep", ["1000"], { cwd: "/", argv0: `sleep ${dir}/root.erofs` });
    await once(user, "spawn");
    const whileUsed = await json("prune").finally(() => user.kill());
    assert.deepEqual(whileUsed.removed, []);
    await once(user, "exit");
    const appliances = definitionsIn(scratch.dir);
    appliances.save({
      id: "apl_shop",
      tenant: "ten_main",
      spec: { name: "shop", image: id, env: {}, ports: [], volumes: [], network: "none", memoryMb: 256, vcpus: 1 },
      wanted: false,
      createdAt: 0,
    });
    assert.deepEqual((await json("prune", "--state", scratch.dir)).removed, []);
    appliances.remove("apl_shop");
    appliances.close();
    assert.deepEqual(
      (await json("prune", "--dry-run")).removed.map((one: { id: string }) => one.id),
      [id],
    );
    assert.ok(existsSync(dir));
    const { removed, kept } = await json("prune");
    assert.deepEqual(
      removed.map((one: { id: string }) => one.id),
      [id],
    );
    assert.ok(!existsSync(dir));
    assert.equal(kept.length, 6);
    assert.equal((await run("inspect", id)).code, 1);
    assert.deepEqual((await json("list")).images.length, 6);
    const named = (await json("prune", "python")).removed.map((one: { id: string }) => one.id.length);
    assert.deepEqual(named, [64]);
    assert.equal((await run("prune", "python")).code, 1);
  });

  test("an image that can't be used is reported in one line with the cure", async () => {
    const missing = await run("build", "jvaa");
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /The image module jvaa cannot be used: no built-in module has this name/);
    assert.match((await run("build", "node", "--name", "Not A Name")).stderr, /is not a valid name of an image/);
    assert.match((await run("inspect", "nothing")).stderr, /There is no image nothing/);
  });
});
