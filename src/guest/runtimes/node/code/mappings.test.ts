import assert from "node:assert/strict";
import { SourceMap } from "node:module";
import { before, test } from "node:test";
import { build } from "esbuild";
import { Mappings } from "./mappings.ts";

let code: string[];
let map: ConstructorParameters<typeof SourceMap>[0];

before(async () => {
  const contents = `export * from "zod";`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname, sourcefile: "all.ts" },
    bundle: true,
    minifyWhitespace: true,
    format: "cjs",
    sourcemap: "external",
    sourcesContent: false,
    outfile: "/out.js",
    write: false,
  });
  map = JSON.parse(outputFiles.find(({ path }) => path.endsWith(".map"))!.text) as typeof map;
  code = outputFiles.find(({ path }) => path.endsWith(".js"))!.text.split("\n");
});

test("each place of a large bundle, in any order, has the source that Node's own SourceMap finds", () => {
  const expected = new SourceMap(map);
  const mappings = new Mappings(map.mappings);
  const places = code.flatMap((text, line) => Array.from({ length: Math.ceil(text.length / 97) }, (_, at) => ({ line, column: at * 97 })));
  const mixed = places.map((_, at) => places[(at * 7_919) % places.length]!);
  assert.ok(mixed.length > 1_000, String(mixed.length));
  let found = 0;
  for (const { line, column } of mixed) {
    const entry = expected.findEntry(line, column);
    // Node's own look-up also takes the nearest segment on earlier lines.
    if (!("originalSource" in entry) || entry.generatedLine !== line) continue;
    const at = mappings.find(line, column);
    assert.ok(at, `${line}:${column}`);
    const { originalSource: source, originalLine, originalColumn } = entry;
    assert.deepEqual([map.sources[at.source], at.line, at.column], [source, originalLine, originalColumn], `${line}:${column}`);
    found += 1;
  }
  assert.ok(found > 1_000, String(found));
});

test("the text is read once, up to the place that is asked for, and a further look-up near it reads a few thousand characters", () => {
  const text = { length: map.mappings.length, read: 0, charCodeAt: (at: number) => ((text.read += 1), map.mappings.charCodeAt(at)) };
  const mappings = new Mappings(text);
  mappings.find(0, 0);
  assert.ok(text.read < 5_000, String(text.read));
  const last = { line: code.length - 2, column: code.at(-2)!.length };
  mappings.find(last.line, last.column);
  text.read = 0;
  mappings.find(last.line, last.column);
  assert.ok(text.read < 5_000, `${text.read} of ${text.length}`);
});

test("segments without a source, other lines, and texts that are not mappings give no source", () => {
  assert.equal(new Mappings("A,IAAA").find(0, 2), undefined);
  assert.deepEqual(new Mappings("A,IAAA").find(0, 4), { source: 0, line: 0, column: 0 });
  assert.equal(new Mappings("AAAA;;").find(2, 9), undefined);
  for (const text of ["", ";", ",,,", "g", "gggggggggggggggg", "\u20ac", "AAA?A", "AAAA????"]) new Mappings(text).find(3, 3);
});
