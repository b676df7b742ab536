/** Uses Debian's real packages and loaders. The result must not depend on the host's installed programs. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadConfig } from "../../base/config/load.ts";
import type { MayflyError } from "../../base/errors/error.ts";
import { fetchJava } from "../java/java-runtime.ts";
import { makeElf } from "../elf/testing/make-elf.ts";
import { fetchRunsc } from "./fetch-runsc.ts";
import { fetchProgramRoot, hostCommand, layPackages } from "./program-root.ts";

const { cacheDir } = loadConfig({});

test("grub-mkimage runs, and loads nothing but the libraries of its own packages", async () => {
  const root = await fetchProgramRoot({ suite: "bookworm", packages: ["grub-common"], cacheDir });
  const [loader, ...rest] = await hostCommand(root, "/usr/bin/grub-mkimage");
  assert.match(execFileSync(loader, [...rest, "--version"], { encoding: "utf8", env: {} }), /GRUB/);
  const loaded = execFileSync(loader, ["--list", ...rest], { encoding: "utf8", env: {} });
  const files = [...loaded.matchAll(/=> (\/\S+)/g)].map(([, file]) => file!);
  assert.ok(
    files.some((file) => file.includes("libdevmapper")),
    loaded,
  );
  assert.deepEqual(
    files.filter((file) => !file.startsWith(root)),
    [],
  );
});

test("what a program loads while it runs, such as Python's modules, is looked for in all of its root's folders before the host's", async () => {
  const root = await fetchProgramRoot({ suite: "bookworm", packages: ["python3-minimal", "libssl3"], cacheDir });
  const [, ...rest] = await hostCommand(root, "/usr/bin/python3.11");
  const folders = rest[rest.indexOf("--library-path") + 1]!.split(":");
  for (const folder of ["lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"]) assert.ok(folders.includes(join(root, folder)), folder);
});

test("links of packages lead to files of the root, not to the host's, however they are followed", async () => {
  const root = await fetchProgramRoot({ suite: "bookworm", packages: ["grub-common"], cacheDir });
  assert.ok(realpathSync(join(root, "lib64/ld-linux-x86-64.so.2")).startsWith(realpathSync(root)));
  const links = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isSymbolicLink());
  assert.ok(links.length > 10);
  const absolute = links.map((entry) => join(entry.parentPath, entry.name)).filter((path) => readlinkSync(path).startsWith("/"));
  assert.deepEqual(absolute, []);
});

test("a link to a folder, which Java's packages have, is laid as a link", async () => {
  const { root, command } = await fetchJava(cacheDir);
  assert.equal(readlinkSync(join(root, "usr/lib/jvm/java-1.17.0-openjdk-amd64")), "java-17-openjdk-amd64");
  assert.match(execFileSync(command[0], [...command.slice(1), "--version"], { encoding: "utf8", env: {} }), /^openjdk 17\./);
});

test("runsc needs no library", async () => {
  assert.match(execFileSync(await fetchRunsc(cacheDir), ["--version"], { encoding: "utf8", env: {} }), /runsc version/);
});

function rootWith(context: TestContext, files: Record<string, Buffer>): string {
  const root = mkdtempSync(join(tmpdir(), "mayfly-root-"));
  context.after(() => rmSync(root, { recursive: true }));
  for (const [path, data] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), data);
  }
  return root;
}

test("a library that only the host has is missing, by its name", async (context) => {
  const root = rootWith(context, { "/usr/bin/tool": makeElf({ needed: ["libc.so.6"], interpreter: "/lib64/ld-linux-x86-64.so.2" }) });
  await assert.rejects(hostCommand(root, "/usr/bin/tool"), (error: MayflyError) => {
    return error.code === "image-build-failed" && /\/usr\/bin\/tool needs the library libc\.so\.6/.test(error.message);
  });
});

test("a loader that only the host has is missing, by its name", async (context) => {
  const root = rootWith(context, { "/usr/bin/tool": makeElf({ needed: [], interpreter: "/lib64/ld-linux-x86-64.so.2" }) });
  await assert.rejects(hostCommand(root, "/usr/bin/tool"), /needs the interpreter \/lib64\/ld-linux-x86-64\.so\.2/);
});

test("a program that its package does not have is missing, by its name", async (context) => {
  await assert.rejects(hostCommand(rootWith(context, {}), "/usr/bin/tool"), /\/usr\/bin\/tool is not in the package/);
});

/** Unpacked packages, and a folder beside them that stands for the host. A value that begins with "→" is a link to what follows. */
function packages(context: TestContext, ...all: Record<string, string>[]) {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-packages-"));
  context.after(() => rmSync(dir, { recursive: true }));
  mkdirSync(join(dir, "host"));
  writeFileSync(join(dir, "host/secret"), "secret");
  const trees = all.map((files, index) => {
    const tree = join(dir, `package${index}`);
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(tree, dirname(path)), { recursive: true });
      if (content.startsWith("→")) symlinkSync(content.slice(1), join(tree, path));
      else writeFileSync(join(tree, path), content);
    }
    return tree;
  });
  return { host: join(dir, "host"), root: join(dir, "root"), lay: () => layPackages(trees, join(dir, "root")) };
}

test("a package's link never leads another package's files out of the root", async (context) => {
  for (const link of ["→../../host", "→../../../../../../../../host", "→/../../host"]) {
    const { host, root, lay } = packages(context, { "usr/out": link, host: "of the root" }, { "usr/out/file": "written" });
    await assert.rejects(lay(), { code: "image-build-failed", message: /usr\/out is a folder of one and a file of another/ }, link);
    assert.deepEqual(readdirSync(host), ["secret"]);
    assert.equal(readFileSync(join(root, "usr/out"), "utf8"), "of the root");
  }
});

test("what a package has in a folder that is another's link is laid where the link leads to inside the root", async (context) => {
  const { root, lay } = packages(
    context,
    { "usr/doc": "→share/doc", "usr/share/doc/a": "1", "lib/x": "x" },
    { "usr/doc/b": "2", "lib/y/z": "z" },
  );
  await lay();
  assert.deepEqual(readdirSync(join(root, "usr/share/doc")).toSorted(), ["a", "b"]);
  assert.equal(readFileSync(join(root, "lib/x"), "utf8") + readFileSync(join(root, "usr/lib/y/z"), "utf8"), "xz");
});

test("links that lead out of the root together are refused, even where nothing is there yet", async (context) => {
  for (const end of ["host/secret", "host/nothing"]) {
    const { lay } = packages(context, { "a/b/c/up": "→../../..", "a/b/c/out": `→up/../${end}` });
    await assert.rejects(lay(), { code: "image-build-failed", message: /the link \/a\/b\/c\/out leads out of them/ });
  }
});

test("links that climb no higher than the root stay as they are, and others end at the root", async (context) => {
  const { root, lay } = packages(context, {
    "a/b/same": "→../../c",
    "a/b/high": "→../../../../c",
    "a/b/whole": "→/c",
    "a/b/none": "→/dev/null",
    c: "c",
  });
  await lay();
  const targets = ["same", "high", "whole", "none"].map((name) => readlinkSync(join(root, "a/b", name)));
  assert.deepEqual(targets, ["../../c", "../../c", "../../c", "../../dev/null"]);
  assert.ok(!existsSync(join(root, "a/b/none")));
});
