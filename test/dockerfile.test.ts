/** Checks the builder's Dockerfile without running it; test/builder-image.ts runs it. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { validate } from "dockerfile-utils";
import { requiredParts } from "../src/setup/required-parts.ts";
import { projectDir } from "./platform.ts";

const text = readFileSync(join(projectDir, "Dockerfile"), "utf8");
const ignored = readFileSync(join(projectDir, ".dockerignore"), "utf8").split("\n");

test("the Dockerfile's lint finds nothing", () => {
  assert.deepEqual(
    validate(text).map(({ message, range }) => `line ${range.start.line + 1}: ${JSON.stringify(message)}`),
    [],
  );
});

test("the Dockerfile installs exactly the Debian packages that the builder needs", () => {
  const installed = /apt-get install -y --no-install-recommends((?: \\\n +[\w-]+)+)/.exec(text)![1]!.split(/[\s\\]+/);
  for (const { name } of requiredParts) assert.ok(installed.includes(name), name);
});

test("the files that the Dockerfile copies exist and reach the build", () => {
  for (const [, names] of text.matchAll(/^COPY (.+) \S+$/gm)) {
    for (const name of names!.split(" ")) {
      assert.ok(existsSync(join(projectDir, name)), name);
      assert.ok(ignored.includes(`!${name}`), `.dockerignore leaves out ${name}`);
    }
  }
});
