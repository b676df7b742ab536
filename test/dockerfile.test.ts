/** The builder's Dockerfile, as far as it can be judged without running it; test/builder-image.ts runs it. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { validate } from "dockerfile-utils";
import { requiredParts } from "../src/setup/required-parts.ts";
import { projectDir } from "./platform.ts";

const text = readFileSync(join(projectDir, "Dockerfile"), "utf8");
const ignored = readFileSync(join(projectDir, ".dockerignore"), "utf8").split("\n");

test("its lint finds nothing", () => {
  assert.deepEqual(
    validate(text).map(({ message, range }) => `line ${range.start.line + 1}: ${JSON.stringify(message)}`),
    [],
  );
});

test("it installs all that the builder needs from Debian, and no more than what is named", () => {
  const installed = /apt-get install -y --no-install-recommends((?: \\\n +[\w-]+)+)/.exec(text)![1]!.split(/[\s\\]+/);
  for (const { name } of requiredParts) assert.ok(installed.includes(name), name);
});

test("what it copies is there, and reaches the build", () => {
  for (const [, names] of text.matchAll(/^COPY (.+) \S+$/gm)) {
    for (const name of names!.split(" ")) {
      assert.ok(existsSync(join(projectDir, name)), name);
      assert.ok(ignored.includes(`!${name}`), `.dockerignore leaves out ${name}`);
    }
  }
});
