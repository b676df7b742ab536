/** The walls between the rooms of `src/`: the table of rooms in ARCHITECTURE.md is compared with every import. */
import assert from "node:assert/strict";
import { globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, matchesGlob, normalize } from "node:path";
import { test } from "node:test";
import { parseSync } from "oxc-parser";
import { projectDir } from "./platform.ts";

interface Room {
  name: string;
  /** Names of rooms, or "all" if every room below may be imported. */
  imports: string[];
  /** Patterns of files, relative to the room, without ".ts". */
  publicFiles: string[];
}

interface Import {
  from: string;
  to: string;
}

const rooms = readTable();
const all = importsOf("src/**/*.{ts,tsx}");
/** Imports from tests and from `testing/` are left out, because they may reach into any room. */
const imports = all.filter(({ from }) => !/\.test\.ts$|\/testing\//.test(from));

test("every folder of src/ is a room of the table, and every room is there", () => {
  const there = readdirSync(join(projectDir, "src"), { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() || globSync(`src/${entry.name}/**/*.ts`, { cwd: projectDir }).length > 0)
    .map(({ name }) => name);
  assert.deepEqual(rooms.map(({ name }) => name).toSorted(), there.toSorted());
});

test("arrows go down: a room may import only rooms below it in the table", () => {
  const upwards = rooms.flatMap(({ name, imports: allowed }, at) => {
    const below = new Set(rooms.slice(at + 1).map((room) => room.name));
    return allowed.filter((other) => !below.has(other)).map((other) => `${name} → ${other}`);
  });
  assert.deepEqual(upwards, []);
});

test("a room imports the rooms that the table says, and no others", () => {
  for (const { name, imports: allowed } of rooms) {
    const used = new Set(crossings(name).map(({ to }) => roomOf(to)));
    const files = crossings(name).filter(({ to }) => !allowed.includes(roomOf(to)));
    assert.deepEqual(files.map(inWords), [], `src/${name} imports rooms that the table does not allow`);
    assert.deepEqual(
      allowed.filter((other) => !used.has(other)),
      [],
      `the table lets src/${name} import rooms that it does not import`,
    );
  }
});

test("other rooms import a room's public files only, and every public file is imported by one", () => {
  for (const { name, publicFiles } of rooms) {
    const reached = imports.filter(({ from, to }) => roomOf(to) === name && roomOf(from) !== name);
    const isPublic = ({ to }: Import) => publicFiles.some((pattern) => fits(to, name, pattern));
    assert.deepEqual(reached.filter((each) => !isPublic(each)).map(inWords), [], `files of src/${name} that are not public`);
    assert.deepEqual(
      publicFiles.filter((pattern) => !reached.some(({ to }) => fits(to, name, pattern))),
      [],
      `public files of src/${name} that no other room imports`,
    );
  }
});

test("the product imports nothing of the laboratory, the benchmarks, the tests or the examples", () => {
  const outside = all.filter(({ to }) => !to.startsWith("src/") && /^(lab|bench|test|examples)\//.test(to));
  // Files tested with an example or the tests' platform may name it.
  assert.deepEqual(outside.filter(({ from, to }) => to.startsWith("lab/") || !/\.test\.ts$|\/testing\//.test(from)).map(inWords), []);
});

/** Imports by `import` and `export … from`, types included, and `import()` of a plain text, of files of this project. */
function importsOf(pattern: string): Import[] {
  return globSync(pattern, { cwd: projectDir, exclude: ["**/node_modules/**"] }).flatMap((from) => {
    const { module, errors } = parseSync(from, readFileSync(join(projectDir, from), "utf8"));
    assert.deepEqual(errors, [], from);
    const text = readFileSync(join(projectDir, from), "utf8");
    const named = [
      ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
      ...module.staticExports.flatMap(({ entries }) => entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? [])),
      ...module.dynamicImports.map(({ moduleRequest: { start, end } }) => text.slice(start + 1, end - 1)),
    ];
    return named.filter((name) => name.startsWith(".")).map((name) => ({ from, to: normalize(join(dirname(from), name)) }));
  });
}

function crossings(name: string): Import[] {
  return imports.filter(({ from, to }) => roomOf(from) === name && roomOf(to) !== name && to.startsWith("src/"));
}

/** For example, "src/store/catalog/seal.ts" is in "store"; "src/main.ts" is a room by itself. */
function roomOf(path: string): string {
  return path.split("/")[1] ?? "";
}

function fits(path: string, name: string, pattern: string): boolean {
  return pattern === "itself" ? path === `src/${name}` : matchesGlob(path, `src/${name}/${pattern}.ts`);
}

function inWords({ from, to }: Import): string {
  return `${from} imports ${to}`;
}

/** Rows such as "| `src/egress/` | what it does | base | `egress` `open-egress` |". */
function readTable(): Room[] {
  const page = readFileSync(join(projectDir, "ARCHITECTURE.md"), "utf8");
  const rows = [...page.matchAll(/^\| `src\/([^/`]+)\/?` \|[^|]+\|([^|]+)\|([^|]+)\|$/gm)];
  assert.ok(rows.length > 10, "ARCHITECTURE.md has no table of rooms that this test can read");
  return rows.map(([, name, allowed, files]) => ({
    name: name!,
    imports: allowed!.trim() === "–" ? [] : allowed!.trim().split(", "),
    publicFiles: files!.trim() === "–" ? [] : [...files!.matchAll(/`([^`]+)`/g)].map(([, pattern]) => pattern!),
  }));
}
