/** Compares the reader with `ldd` on real programs, and tests it on made-up files for the rest. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { readElf } from "./read-elf.ts";
import { type Look, sharedLibraries } from "./shared-libraries.ts";
import { makeElf } from "./testing/make-elf.ts";

const onHost: Look = (path) => readFile(path).catch(() => undefined);

/** The libraries that ldd names, except the loader and the library that the kernel provides, which are found in other ways. */
function lddNames(program: string): string[] {
  const lines = execFileSync("ldd", [program], { encoding: "utf8" }).split("\n");
  const names = lines.map((line) => /^\s+(\S+) => \//.exec(line)?.[1]).filter((name) => name !== undefined);
  return names.toSorted();
}

for (const program of [process.execPath, "/usr/bin/apt-get", "/bin/sh", "/usr/bin/qemu-system-x86_64"]) {
  test(`${basename(program)} needs the libraries that ldd names, and Debian's loader`, async () => {
    const { libraries, interpreter } = await sharedLibraries({ path: program, data: readFileSync(realpathSync(program)) }, onHost);
    const names = libraries.map(({ foundAt }) => basename(foundAt)).filter((name) => !name.startsWith("ld-linux"));
    assert.deepEqual(names.toSorted(), lddNames(program));
    assert.equal(interpreter, "/lib64/ld-linux-x86-64.so.2");
  });
}

/** Looks files up in a table that stands for a root. */
function look(root: Record<string, Buffer>): Look {
  return async (path) => root[path];
}

async function found(program: Parameters<typeof makeElf>[0], root: Record<string, Buffer>): Promise<string[]> {
  const { libraries } = await sharedLibraries({ path: "/opt/app/bin/program", data: makeElf(program) }, look(root));
  return libraries.map(({ path, foundAt }) => (path === foundAt ? path : `${foundAt} as ${path}`));
}

test("a static program needs nothing", async () => {
  assert.deepEqual(await sharedLibraries({ path: "/p", data: makeElf() }, look({})), { libraries: [], interpreter: undefined });
});

test("libraries of default folders are laid into the first of these", async () => {
  assert.deepEqual(await found({ needed: ["libz.so.1"] }, { "/usr/lib/x86_64-linux-gnu/libz.so.1": makeElf() }), [
    "/usr/lib/x86_64-linux-gnu/libz.so.1 as /lib/x86_64-linux-gnu/libz.so.1",
  ]);
});

test("RUNPATH, with $ORIGIN, comes before the default folders, and what it leads to stays there", async () => {
  const root = { "/opt/app/lib/liba.so": makeElf(), "/lib/x86_64-linux-gnu/liba.so": makeElf() };
  assert.deepEqual(await found({ needed: ["liba.so"], runpath: "$ORIGIN/../lib:/elsewhere" }, root), ["/opt/app/lib/liba.so"]);
  assert.deepEqual(await found({ needed: ["liba.so"], runpath: "${ORIGIN}/../lib" }, root), ["/opt/app/lib/liba.so"]);
});

test("a program's RPATH holds for its libraries' libraries, its RUNPATH does not", async () => {
  const root = { "/own/liba.so": makeElf({ needed: ["libb.so"] }), "/own/libb.so": makeElf() };
  assert.deepEqual(await found({ needed: ["liba.so"], rpath: "/own" }, root), ["/own/liba.so", "/own/libb.so"]);
  await assert.rejects(found({ needed: ["liba.so"], runpath: "/own" }, root), /needs the library libb\.so \(of \/own\/liba\.so\)/);
});

test("if there is a RUNPATH, RPATHs are ignored", async () => {
  const root = { "/rpath/liba.so": makeElf() };
  await assert.rejects(found({ needed: ["liba.so"], rpath: "/rpath", runpath: "/runpath" }, root), /is in none of \/runpath, \/lib/);
});

test("a library for another machine is skipped", async () => {
  const root = { "/lib/x86_64-linux-gnu/liba.so": makeElf({ machine: 183 }), "/usr/lib/liba.so": makeElf() };
  assert.deepEqual(await found({ needed: ["liba.so"] }, root), ["/usr/lib/liba.so as /lib/x86_64-linux-gnu/liba.so"]);
});

test("libraries that need each other are found once", async () => {
  const root = { "/lib/liba.so": makeElf({ needed: ["libb.so"] }), "/lib/libb.so": makeElf({ needed: ["liba.so"] }) };
  assert.equal((await found({ needed: ["liba.so", "libb.so"] }, root)).length, 2);
});

test("a name with a slash is a path", async () => {
  assert.deepEqual(await found({ needed: ["/opt/liba.so"] }, { "/opt/liba.so": makeElf() }), ["/opt/liba.so"]);
});

test("an ELF file that the test writes is read back", () => {
  const text = fc.stringMatching(/^[a-z0-9._/-]{1,40}$/);
  fc.assert(
    fc.property(fc.array(text, { maxLength: 20 }), text, fc.option(text, { nil: undefined }), (needed, runpath, interpreter) => {
      const elf = readElf(makeElf({ needed, runpath, ...(interpreter !== undefined && { interpreter }) }));
      assert.deepEqual(elf, { needed, interpreter, rpath: [], runpath: [runpath] });
    }),
  );
});

test("a damaged file is refused with a clause, whatever is wrong with it", () => {
  const whole = makeElf({ needed: ["liba.so"], runpath: "/x", interpreter: "/ld.so" });
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, value, length) => {
      const bytes = Buffer.from(whole);
      bytes[at] = value;
      try {
        readElf(bytes.subarray(0, length));
      } catch (error) {
        assert.match((error as Error).message, /^is (no ELF file|not for x86-64|a damaged ELF file)$/);
      }
    }),
    { numRuns: 2_000 },
  );
});
