/** The manual: every page can be reached by links from README.md, and every link has a target. */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { projectDir } from "./platform.ts";

const pages = globSync(["*.md", "docs/**/*.md", "decisions/*.md", "bench/*.md", "examples/*.md"], { cwd: projectDir });
const textOf = (page: string) => readFileSync(join(projectDir, page), "utf8");

interface Link {
  page: string;
  /** Relative to the project's folder. */
  file: string;
  anchor: string | undefined;
}

/** Links to places in the project. Brackets and parentheses in code are not links. */
function linksOf(page: string): Link[] {
  const prose = textOf(page)
    .replaceAll(/^```[^]*?^```/gm, "")
    .replaceAll(/`[^`\n]*`/g, "``");
  return Array.from(prose.matchAll(/\]\(([^()\s]+)\)/g), ([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path, anchor] = target.split("#", 2) as [string, string?];
      return { page, file: path === "" ? page : normalize(join(dirname(page), path)), anchor };
    });
}

/** The anchors that viewers make from a page's headings. */
function anchorsOf(page: string): Set<string> {
  const headings = textOf(page)
    .replaceAll(/^```[^]*?^```/gm, "")
    .matchAll(/^#+ (.+)$/gm);
  return new Set(
    Array.from(headings, ([, heading]) =>
      heading!
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

test("every link leads to an existing file and heading", () => {
  const links = pages.flatMap(linksOf);
  assert.ok(links.length > 100);
  for (const { page, file, anchor } of links) {
    assert.ok(existsSync(join(projectDir, file)), `${page} links to ${file}`);
    if (anchor !== undefined && file.endsWith(".md")) assert.ok(anchorsOf(file).has(anchor), `${page} links to ${file}#${anchor}`);
  }
});

test("every page is found from README.md", () => {
  const found = new Set(["README.md"]);
  for (const page of found) for (const { file } of linksOf(page)) if (file.endsWith(".md")) found.add(file);
  // The change log is found by convention and needs no link.
  assert.deepEqual(
    pages.filter((page) => !found.has(page) && page !== "CHANGELOG.md"),
    [],
  );
});

test("the pages and sections that commands and errors name exist", () => {
  const sources = globSync("src/**/*.ts", { cwd: projectDir }).filter((file) => !file.endsWith(".test.ts"));
  let seen = 0;
  for (const source of sources)
    for (const [, page, anchor] of textOf(source).matchAll(/\b((?:docs|decisions)\/[\w-]+\.md)(?:#([\w-]+))?/g)) {
      seen++;
      assert.ok(pages.includes(page!), `${source} names ${page}`);
      if (anchor !== undefined) assert.ok(anchorsOf(page!).has(anchor), `${source} names ${page}#${anchor}`);
    }
  assert.ok(seen > 20);
});
