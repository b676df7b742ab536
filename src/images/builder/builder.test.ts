/** Real builds of small modules from real Debian packages. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { makeElf } from "../elf/testing/make-elf.ts";
import { describeImage, type Image } from "../image.ts";
import type { ModuleSource } from "../modules/module.ts";
import { buildImage } from "./build-image.ts";
import { makeScratch } from "./testing/scratch.ts";
import { createUids } from "../../base/uids/uids.ts";

const scratch = makeScratch();
after(scratch.remove);

const cacheDir = scratch.newCache("cache");

async function build(modules: string[], cache = cacheDir): Promise<{ image: Image; made: string[] }> {
  const steps: string[] = [];
  const image = await buildImage({ uids: createUids(), cacheDir: cache, modules, progress: (step) => steps.push(step) });
  return { image, made: steps.filter((step) => step.startsWith("making")).map((step) => step.slice("making the module ".length)) };
}

function rejects(definition: Partial<ModuleSource>, message: RegExp, files: Record<string, string | Buffer> = {}): Promise<void> {
  const folder = scratch.module(`refused-${count++}`, { name: "mine", requires: ["base"], run: { command: ["/x"] }, ...definition }, files);
  return assert.rejects(build([folder]), message);
}
let count = 0;

/** A module with a Debian program and data files, and a module that requires it. */
function greeting(folder: string, text: string): { hello: string; app: string } {
  const hello = scratch.module(`${folder}/hello`, {
    name: "hello",
    requires: ["base"],
    sources: ["hello", "libc6"],
    programs: [{ from: "debian:hello/usr/bin/hello", to: "/usr/bin/hello" }],
  });
  const app = scratch.module(
    `${folder}/app`,
    {
      name: "app",
      requires: ["../hello"],
      files: [
        { from: "data/**", to: "/app" },
        { text: "inline\n", to: "/app/inline" },
      ],
      links: { "/app/greeting": "text" },
      env: { GREETING: text },
      init: [["/usr/bin/hello", "--version"]],
      run: { command: ["/usr/bin/hello"], cwd: "/app" },
    },
    { "data/text": text, "data/deep/run.sh": "#!/bin/sh\n" },
  );
  chmodSync(join(app, "data/deep/run.sh"), 0o700);
  return { hello, app };
}

test("an image has its modules' files, with a program's libraries and interpreter, and says what it runs", async () => {
  const { app } = greeting("first", "one");
  const { image } = await build([app]);
  const inRoot = (path: string) => join(image.rootTree, path);
  assert.equal(readFileSync(inRoot("/app/text"), "utf8"), "one");
  assert.equal(readlinkSync(inRoot("/app/greeting")), "text");
  assert.equal(readlinkSync(inRoot("/lib64/ld-linux-x86-64.so.2")), "../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2");
  assert.ok(existsSync(inRoot("/lib/x86_64-linux-gnu/libc.so.6")));
  const mode = (path: string) => lstatSync(inRoot(path)).mode & 0o7777;
  assert.deepEqual([mode("/app/deep/run.sh"), mode("/app/text"), mode("/app"), mode("/usr/bin/hello")], [0o555, 0o444, 0o755, 0o555]);
  const { run, modules, packages, kernelVersion } = await describeImage(image);
  assert.deepEqual(run!.command, ["/usr/bin/hello"]);
  assert.deepEqual([run!.cwd, run!.env["GREETING"], run!.init], ["/app", "one", [["/usr/bin/hello", "--version"]]]);
  assert.deepEqual(
    modules.map(({ name }) => name),
    ["kernel-linux", "base", "hello", "app"],
  );
  assert.ok(packages.some(({ name, module, digest }) => name === "hello" && module === "hello" && /^sha256-[0-9a-f]{64}$/.test(digest)));
  assert.match(kernelVersion, /^6\./);
});

test("the same modules in another folder, another cache and under another umask give the same image", async () => {
  const { image } = await build([greeting("here", "same").app]);
  const umask = process.umask(0o077);
  const other = await build([greeting("there", "same").app], scratch.newCache("other")).finally(() => process.umask(umask));
  assert.equal(other.image.id, image.id);
});

test("a changed module makes anew only itself; a changed requirement only what uses its files", async () => {
  const { hello, app } = greeting("changing", "before");
  await build([app]);
  greeting("changing", "after");
  assert.deepEqual((await build([app])).made, ["app"]);
  assert.deepEqual((await build([app])).made, []);
  scratch.module("changing/hello", { ...JSON.parse(readFileSync(join(hello, "module.json"), "utf8")), files: [{ text: "x", to: "/new" }] });
  assert.deepEqual((await build([app])).made, ["hello"]);
});

test("the command is part of the image, but changing it rebuilds no module", async () => {
  const { app } = greeting("running", "text");
  const first = await build([app]);
  const definition = JSON.parse(readFileSync(join(app, "module.json"), "utf8")) as ModuleSource;
  scratch.module("running/app", { ...definition, env: { GREETING: "other" } });
  const second = await build([app]);
  assert.deepEqual(second.made, []);
  assert.notEqual(second.image.id, first.image.id);
  assert.equal((await describeImage(second.image)).run!.env["GREETING"], "other");
});

test("a user's command comes before those of built-in modules; two of users are refused", async () => {
  const own = (name: string) => scratch.module(`runs-${name}`, { name, requires: ["base"], run: { command: [`/${name}`] } });
  const { image } = await build([own("mine"), "native"]);
  assert.deepEqual((await describeImage(image)).run!.command, ["/mine"]);
  await assert.rejects(build([own("mine"), own("yours")]), /it says what to run, and so does .*mine; build them alone/);
});

test("Debian packages come with what they depend on, but for what is done without", async () => {
  const debian = { packages: ["hello"], without: ["libgcc-s1"], omit: ["/usr/share/**"] };
  const { image } = await build([
    scratch.module("debian", { name: "debian", requires: ["base"], debian, run: { command: ["/usr/bin/hello"] } }),
  ]);
  const names = (await describeImage(image)).packages.filter(({ module }) => module === "debian").map(({ name }) => name);
  assert.deepEqual(names, ["hello", "libc6"]);
  assert.ok(existsSync(join(image.rootTree, "usr/bin/hello")));
  assert.ok(!existsSync(join(image.rootTree, "usr/share")));
});

test("npm packages come with what they depend on, in the versions of a lock that is kept", async () => {
  const npm = { dependencies: { debug: "4.4.1" }, to: "/app" };
  const { image } = await build([scratch.module("npm", { name: "npm", requires: ["base"], npm, run: { command: ["/x"] } })]);
  const manifest = JSON.parse(readFileSync(join(image.rootTree, "app/node_modules/debug/package.json"), "utf8")) as { version: string };
  assert.equal(manifest.version, "4.4.1");
  const packages = (await describeImage(image)).packages.filter(({ from }) => from === "npm");
  assert.deepEqual(
    packages.map(({ name }) => name),
    ["debug", "ms"],
  );
  assert.match(packages[0]!.digest, /^sha512-/);
});

test("a module in TypeScript may compute what it is", async () => {
  const folder = join(scratch.dir, "typescript");
  mkdirSync(folder);
  const text = `const name: string = "computed";
    export default async () => ({ name, requires: ["base"], files: [{ text: String(6 * 7), to: "/answer" }], run: { command: ["/x"] } });`;
  writeFileSync(join(folder, "module.ts"), text);
  const { image } = await build([folder]);
  assert.equal(readFileSync(join(image.rootTree, "answer"), "utf8"), "42");
});

test("an impossible module is refused with the reason", async () => {
  await rejects({ files: [{ from: "nothing/*", to: "/x" }] }, /there is no file nothing\/\*/);
  await rejects(
    { files: [{ text: "other\n", to: "/etc/hostname" }] },
    /module mine cannot be used: it has another \/etc\/hostname than base/,
  );
  await rejects({ links: { "/etc": "/elsewhere" } }, /it has another \/etc than other modules, where it is a folder/);
  await rejects({ files: [{ from: "debian:hello/usr/bin/hello", to: "/x" }] }, /hello is not among the module's sources/);
  await rejects({ files: [{ text: "", to: "relative" }] }, /files\.0.*must be an absolute path/);
  await rejects({ npm: { dependencies: { debug: "^4" }, to: "/" } }, /must be an exact version/);
  await rejects({ requires: [] }, /no module brings a kernel/);
  await rejects({ run: undefined }, /no module says what to run/);
  await rejects({ requires: ["agent"], env: { A: "b" } }, /has init steps or variables, but the image starts Mayfly's agent/);
});

test("a missing library or interpreter is refused with who needs it", async () => {
  const program = { programs: [{ from: "program", to: "/bin/program" }] };
  await rejects(program, /the program program needs the library libmissing\.so\.1 \(of \/bin\/program\), which is in none of/, {
    program: makeElf({ needed: ["libmissing.so.1"] }),
  });
  await rejects(program, /needs the interpreter \/lib\/ld-musl-x86_64\.so\.1/, {
    program: makeElf({ interpreter: "/lib/ld-musl-x86_64.so.1" }),
  });
  await rejects(program, /\/bin\/program is no ELF file/, { program: "#!/bin/sh\n" });
});
