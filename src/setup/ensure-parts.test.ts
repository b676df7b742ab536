import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { MayflyError } from "../base/errors/error.ts";
import { ensureParts } from "./ensure-parts.ts";
import { type Part, requiredParts } from "./required-parts.ts";

async function refusal(parts: Part[], folders: string[], root: boolean): Promise<MayflyError> {
  const steps: string[] = [];
  const outcome = await ensureParts((step) => steps.push(step), { parts, folders, root }).catch((error: unknown) => error);
  assert.ok(outcome instanceof MayflyError);
  assert.equal(outcome.code, "missing-part");
  assert.deepEqual(steps, []);
  return outcome;
}

test("without root the error names every missing part and the command that gets them", async () => {
  const error = await refusal(requiredParts, ["/nonexistent"], false);
  for (const { name, program } of requiredParts) {
    assert.match(error.message, new RegExp(`${name} \\(the program ${program}\\)`));
    assert.match(error.cure, new RegExp(`apt-get install --no-install-recommends .*${name}`));
  }
  assert.match(error.message, /does not run as root/);
});

test("only what is missing is named", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-parts-"));
  try {
    writeFileSync(join(folder, "mkfs.erofs"), "");
    const error = await refusal(requiredParts, [folder], false);
    assert.match(error.cure, /qemu-system-x86 qemu-utils e2fsprogs$/);
    assert.doesNotMatch(error.message, /erofs/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("on a host without apt-get the error says so", async () => {
  const error = await refusal(requiredParts, ["/nonexistent"], true);
  assert.match(error.message, /there is no apt-get/);
});

test("where nothing is missing, nothing is done or said", async () => {
  const steps: string[] = [];
  await ensureParts((step) => steps.push(step), { parts: [{ name: "coreutils", program: "ls", why: "lists" }], root: false });
  assert.deepEqual(steps, []);
});
