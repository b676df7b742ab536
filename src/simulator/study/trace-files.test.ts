import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { findTrace } from "./trace-files.ts";

const folder = mkdtempSync(join(tmpdir(), "mayfly-trace-"));
after(() => rmSync(folder, { recursive: true }));

function file(...path: string[]): string {
  const whole = join(folder, ...path);
  mkdirSync(join(whole, ".."), { recursive: true });
  writeFileSync(whole, "");
  return whole;
}

test("files of Azure's 2019 trace are found by their published names, their days in order", () => {
  const second = file("azure", "invocations_per_function_md.anon.d02.csv");
  const first = file("azure", "invocations_per_function_md.anon.d01.csv");
  const durations = file("azure", "function_durations_percentiles.anon.d01.csv");
  const memory = file("azure", "app_memory_percentiles.anon.d01.csv");
  assert.deepEqual(findTrace(`azure2019:${join(folder, "azure")}`), {
    kind: "azure2019",
    invocations: [first, second],
    durations: [durations],
    memory: [memory],
  });
});

test("files of Huawei's delays are found by the name of their folder", () => {
  const requests = file("requests_minute", "day_000.csv");
  const delays = file("function_delay_minute", "day_000.csv");
  assert.deepEqual(findTrace(`huawei2025:${requests},${delays}`), { kind: "huawei2025", requests: [requests], durations: [delays] });
});

test("unknown kinds, missing files and too many files are refused", () => {
  assert.throws(() => findTrace("aws:x.csv"), /no trace "aws:x\.csv"; it is kind:path, with a kind of azure2019, /);
  assert.throws(() => findTrace("azure2021"), /kind:path/);
  assert.throws(() => findTrace(`azure2021:${join(folder, "none.csv")}`), /ENOENT/);
  assert.throws(() => findTrace(`azure2019:${folder}`), /has no file named invocations/);
  const one = file("one.csv");
  assert.throws(() => findTrace(`recorded:${one},${one}`), /is one file/);
});
