import { test, type TestContext } from "node:test";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drain } from "../testing/drain.ts";
import { readAzure2019 } from "./azure-2019.ts";
import { readAzure2021 } from "./azure-2021.ts";
import { readHuawei } from "./huawei.ts";

/** Writes files into a folder that only this test has, and returns their paths. */
function folder(context: TestContext): (name: string, lines: readonly string[]) => string {
  const path = mkdtempSync(join(tmpdir(), "mayfly-traces-"));
  context.after(() => rmSync(path, { recursive: true }));
  return (name, lines) => {
    const file = join(path, name);
    writeFileSync(file, `${lines.join("\n")}\n`);
    return file;
  };
}

/** Excerpts of vhive-serverless/invitro (MIT): the first and the last of its sample's functions. */
const QUEUE =
  "c455703077a17a9b8d0fc655d939fcc6d24d819fa9a1066b74f710c35a43cbc8,68baea05aa0c3619b6feb78c80a07e27e4e68f921d714b8125f916c3b3370bf2,c13acdc7567b225971cef2416a3a2b03c8a4d8d154df48afe75834e2f5c59ddf";
const TIMER =
  "01d1a13d091b0cfc764a125ead054ad6a720cb29b0b1fc2c187e9be3311f09fe,90ba6ab2b1b9f5b5925d1e9ee6242d0f840ebcfb3221567bc2b5f24cb864b016,ae8a1640fa932024f59b38a0b001808b5c64612bd60c6f3eb80ba9461ba2d091";
const DURATIONS = [
  "HashOwner,HashApp,HashFunction,Average,Count,Minimum,Maximum,percentile_Average_0,percentile_Average_1,percentile_Average_25,percentile_Average_50,percentile_Average_75,percentile_Average_99,percentile_Average_100",
  `${QUEUE},100.0,57523.0,99.0,101.0,99.0,99.0,99.0,100.0,101.0,101.0,101.0`,
  `${TIMER},125.0,2880.0,124.0,126.0,124.0,124.0,124.0,125.0,126.0,126.0,126.0`,
];
const MEMORY = [
  "HashOwner,HashApp,HashFunction,SampleCount,AverageAllocatedMb,AverageAllocatedMb_pct1",
  `${QUEUE},19342.0,120.0,100.0`,
  `${TIMER},2880.0,300.0,106.0`,
];

function invocations(queue: readonly number[], timer: readonly number[]): string[] {
  const minutes = Array.from({ length: 1_440 }, (_, i) => i);
  const row = (counts: readonly number[]) => minutes.map((minute) => counts[minute] ?? 0).join();
  return [
    `HashOwner,HashApp,HashFunction,Trigger,${minutes.map((i) => i + 1).join()}`,
    `${QUEUE},queue,${row(queue)}`,
    `${TIMER},timer,${row(timer)}`,
  ];
}

test("Azure 2019: counts are spread over their minutes, days follow each other, durations and memory are the functions'", (context) => {
  const write = folder(context);
  const files = {
    invocations: [write("d01.csv", invocations([5, 0, 7], [2, 2, 2])), write("d02.csv", invocations([1], []))],
    durations: [write("durations.csv", DURATIONS)],
    memory: [write("memory.csv", MEMORY)],
  };
  const workload = readAzure2019(files, 1);
  assert.deepEqual(
    workload.apps.map(({ memoryMb, limits }) => [memoryMb, limits.kind.memoryMb]),
    [
      [120, 256],
      [300, 512],
    ],
  );
  assert.equal(workload.endMs, 2 * 86_400_000);
  const [queue, timer] = workload.apps.map(({ name }) => name);
  const drawn = drain(workload);
  const inMinute = (app: string | undefined, minute: number) =>
    drawn.filter((each) => each.app === app && Math.floor(each.at / 60_000) === minute);
  assert.deepEqual(
    [0, 1, 2, 1_440].map((minute) => inMinute(queue, minute).length),
    [5, 0, 7, 1],
  );
  assert.equal(drawn.length, 5 + 7 + 6 + 1);
  assert.deepEqual(
    drawn,
    drawn.toSorted((a, b) => a.at - b.at),
  );
  for (const { app, durationMs, cpuMs } of drawn) {
    assert.ok(app === queue ? durationMs >= 99 && durationMs <= 101 : durationMs >= 124 && durationMs <= 126, `${durationMs} ms`);
    assert.ok(cpuMs > 0 && cpuMs <= durationMs);
  }
  // A timer's calls keep their distance, over minutes too.
  const gaps = drawn.filter((each) => each.app === timer).map((each, i, all) => each.at - (all[i - 1]?.at ?? NaN));
  for (const gap of gaps.slice(1)) assert.ok(Math.abs(gap - 30_000) < 0.01, `${gap} ms`);
});

test("Azure 2019: values that the trace lacks are drawn, and are the same for the same seed", (context) => {
  const write = folder(context);
  const files = { invocations: [write("d01.csv", invocations([50], [50]))], durations: [], memory: [] };
  const drawn = drain(readAzure2019(files, 1));
  assert.equal(drawn.length, 100);
  assert.deepEqual(drain(readAzure2019(files, 1)), drawn);
  assert.notDeepEqual(drain(readAzure2019(files, 2)), drawn);
});

test("Azure 2021: rows in the order of their ends become invocations in the order of their beginnings", (context) => {
  // An excerpt of vhive-serverless/invitro (MIT), with shortened hashes; a long invocation began first.
  const rows = ["app,func,end_timestamp,duration", "aaaaa2c0,11111f87,10.0000000000000,9.000", "aaaaa2c0,22222f87,11.00000000000000,9.000"];
  rows.push("bbbbb2c0,11111f87,131.00000000000000,9.000", "bbbbb2c0,11111f87,131.10000000000000,130.600", "bbbbb2c0,11111f87,131.2,0.000");
  const workload = readAzure2021(folder(context)("2021.csv", rows), 1);
  const drawn = drain(workload);
  assert.deepEqual(
    drawn.map(({ at, app, durationMs }) => [Math.round(at), app, durationMs]),
    [
      [0, "bbbbb2c0", 130_600],
      [500, "aaaaa2c0", 9_000],
      [1_500, "aaaaa2c0", 9_000],
      [121_500, "bbbbb2c0", 9_000],
      [130_700, "bbbbb2c0", 0],
    ],
  );
  assert.ok(Math.abs((workload.endMs ?? 0) - 130_700) < 1e-6);
});

test("Huawei: a column is a function, an empty field no call; durations come from files of the same layout", (context) => {
  const write = folder(context);
  const requests = [
    write("day_00.csv", ["day,time,0,1,2", "0,0,,3,", "0,60,2,,", "0,180,1.0,,"]),
    write("day_01.csv", ["day,time,0,2,3", "1,86400,,,4"]),
  ];
  const durations = [write("delay_00.csv", ["day,time,0,1", "0,0,,100", "0,60,20,200"])];
  const workload = readHuawei({ requests, durations, durationUnitMs: 1 }, 1);
  assert.deepEqual(
    workload.apps.map(({ name }) => name),
    ["function 0", "function 1", "function 2", "function 3"],
  );
  const drawn = drain(workload);
  assert.deepEqual(
    drawn.map(({ at, app }) => [Math.floor(at / 60_000), app]),
    [
      ...Array.from({ length: 3 }, () => [0, "function 1"]),
      [1, "function 0"],
      [1, "function 0"],
      [3, "function 0"],
      ...Array.from({ length: 4 }, () => [1_440, "function 3"]),
    ],
  );
  for (const { app, durationMs } of drawn) if (app === "function 0") assert.ok(durationMs > 2 && durationMs < 200, `${durationMs} ms`);
});

test("a file of another format is refused with its name and with what is wrong", (context) => {
  const write = folder(context);
  const other = write("other.csv", ["a,b", "1,2"]);
  assert.throws(() => readAzure2021(other, 1), /other\.csv has no column app, func, end_timestamp, duration/);
  assert.throws(() => readHuawei({ requests: [other], durations: [], durationUnitMs: 1 }, 1), /other\.csv has no column day, time/);
  assert.throws(() => readAzure2019({ invocations: [other], durations: [], memory: [] }, 1), /other\.csv has no column HashOwner/);
  const words = write("words.csv", ["app,func,end_timestamp,duration", "a,b,soon,9"]);
  assert.throws(() => readAzure2021(words, 1), /words\.csv has "soon" for end_timestamp/);
  const ragged = write("ragged.csv", ["app,func,end_timestamp,duration", "a,b,1"]);
  assert.throws(() => readAzure2021(ragged, 1), /ragged\.csv is no CSV file/);
  const back = write("back.csv", ["day,time,0", "0,60,1", "0,0,1"]);
  assert.throws(
    () => drain(readHuawei({ requests: [back], durations: [], durationUnitMs: 1 }, 1)),
    /back\.csv is not in the order of time: a row has 0 after a later time/,
  );
  assert.throws(() => readAzure2021(write("empty.csv", ["app,func,end_timestamp,duration"]), 1), /empty\.csv has no invocations/);
});

test("files larger than one piece of reading are read whole", (context) => {
  const rows = Array.from({ length: 60_000 }, (_, i) => `app-${i % 7},f,${i}.5,0.25`);
  const drawn = drain(readAzure2021(folder(context)("large.csv", ["app,func,end_timestamp,duration", ...rows]), 1));
  assert.equal(drawn.length, 60_000);
  assert.deepEqual(
    drawn.map(({ at }) => Math.round(at)),
    rows.map((_, i) => i * 1_000),
  );
});
