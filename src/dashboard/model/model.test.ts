import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lineInWords, quantityInWords } from "./bill-words.ts";
import * as format from "./format.ts";
import { fullness, grouped } from "./fleet.ts";
import { found, LineReader, MOST_LINES, withMore } from "./log-lines.ts";
import { changed } from "./machines.ts";
import type { LiveMachine } from "./replies.ts";
import { mayDo } from "./rights.ts";
import { functionUrl, hashOf, isAsItSays, routeOf } from "./route.ts";
import { runStatusInWords } from "./run-status.ts";
import { barsOf } from "./run-timeline.ts";
import { EventReader } from "./sse.ts";
import { stacked } from "./stacked.ts";

describe("numbers for people", () => {
  const cases: [string, string, string][] = [
    ["thousands", format.number(1234.5), "1,235"],
    ["three digits", format.number(0.0123456), "0.0123"],
    ["very small", format.number(0.0000001), "0.0000001"],
    ["nothing", format.number(null), "–"],
    ["milliseconds", format.milliseconds(12.34), "12.3 ms"],
    ["seconds", format.milliseconds(1_234), "1.23 s"],
    ["minutes", format.milliseconds(125_000), "2 min 5 s"],
    ["nearly a second", format.milliseconds(999.7), "1 s"],
    ["nearly a minute", format.milliseconds(59_980), "1 min"],
    ["bytes", format.bytes(1_536), "1.5 KB"],
    ["a kilobyte", format.bytes(1_024), "1 KB"],
    ["nearly a megabyte", format.bytes(1_023.7 * 1_024), "1 MB"],
    ["most of a megabyte", format.bytes(1_023.3 * 1_024), "1,023 KB"],
    ["a line of a bill", `${lineInWords("cpu-bring-up")}: ${quantityInWords(0.25, "s")}`, "CPU of starts and binds: 0.25 s"],
    ["a count on a bill", `${lineInWords("requests")}: ${quantityInWords(1, "requests")}`, "Calls: 1"],
    ["a line that is new", lineInWords("gpu"), "gpu"],
    ["no bytes", format.bytes(0), "0 B"],
    ["part of a byte", format.bytes(0.5), "0.5 B"],
    ["a tiny share", format.share(0.0001), "< 0.1 %"],
    ["nearly all", format.share(0.99999), "> 99.9 %"],
    ["a share", format.share(0.123), "12.3 %"],
    ["an age", format.age(93_784_000), "1 d 2 h"],
    ["a whole age", format.age(3_600_000), "1 h"],
    ["no age", format.age(-5), "0 s"],
    ["cheaper", format.times(54, 1) ?? "", "54 ×"],
    ["of nothing", format.times(54, 0) ?? "none", "none"],
  ];
  for (const [name, shown, wanted] of cases) test(name, () => assert.equal(shown, wanted));
});

test("a time of another day has its date", () => {
  const noon = new Date(2026, 10, 30, 12, 0, 0).getTime();
  assert.equal(format.moment(noon - 1_000, noon), "11:59:59");
  assert.equal(format.moment(noon - 86_400_000, noon), "2026-11-29 12:00:00");
});

test("events come out whole, however their text is cut", () => {
  const text = 'event: tick\ndata: {"a":1}\n\n: comment\n\nevent: machines\ndata: {"b":\ndata: 2}\n\ndata: end\n\n';
  for (let at = 0; at <= text.length; at++) {
    const reader = new EventReader();
    const events = [...reader.take(text.slice(0, at)), ...reader.take(text.slice(at))];
    assert.deepEqual(events, [
      { name: "tick", data: '{"a":1}' },
      { name: "machines", data: '{"b":\n2}' },
      { name: "message", data: "end" },
    ]);
  }
  assert.throws(() => new EventReader().take("x".repeat(9_000_000)), /too long/);
});

test("an address leads to the page that made it, whatever is in its names", () => {
  for (const name of ["shop", "a/b", "@acme/shop", "100%", "..", "<img src=x>", "#?&"]) {
    const { path, query } = routeOf(hashOf(["apps", name], { tab: name, none: "" }));
    assert.deepEqual([path, [...query]], [["apps", name], [["tab", name]]]);
  }
  assert.deepEqual(routeOf("").path, []);
  assert.deepEqual(routeOf("#/apps/%E0%A4%A").path, ["apps", "%E0%A4%A"]);
});

test("lines are drawn on top of each other, and a gap is a gap in all above it", () => {
  assert.deepEqual(
    stacked([
      [1, 1, 1],
      [2, null, 2],
      [3, 3, 3],
    ]),
    [
      [6, null, 6],
      [5, null, 5],
      [3, 3, 3],
    ],
  );
  assert.deepEqual(stacked([]), []);
});

test("machines follow what changes, and are all replaced by a whole list", () => {
  const machine = (id: string, memoryBytes = 0) => ({ id, memoryBytes }) as LiveMachine;
  const first = changed(new Map(), { whole: true, changed: [machine("a"), machine("b")], gone: [] });
  const second = changed(first, { whole: false, changed: [machine("b", 5)], gone: ["a", "none"] });
  assert.deepEqual([[...first.keys()], [...second.values()]], [["a", "b"], [machine("b", 5)]]);
  const moved = { id: "b", state: "bound", slots: { used: 1, total: 2 }, memoryBytes: 7, cpuUs: 1 };
  const third = changed(second, { whole: false, changed: [], moved: [moved, { ...moved, id: "unknown" }], gone: [] });
  assert.deepEqual([...third.values()], [{ ...machine("b"), ...moved }]);
  assert.deepEqual([...changed(second, { whole: true, changed: [machine("c")], gone: [] }).keys()], ["c"]);
});

test("the fleet is put together by app, tenant and kind, those of no app last, and found by a part of a name", () => {
  const kind = { kernel: "linux", runtime: "node", memoryMb: 256, vcpus: 1 };
  const machine = (id: string, app: string | null, startedAt: number, used = 0) =>
    [id, { id, app, startedAt, kind, slots: { used, total: 4 } } as LiveMachine] as const;
  const machines = new Map([
    machine("m1", null, 1),
    machine("m3", "shop", 3, 2),
    machine("m2", "shop", 2, 1),
    machine("m4", "@acme/shop", 4),
  ]);
  const shown = (by: Parameters<typeof grouped>[1], search = "") =>
    grouped(machines, by, search).map((group) => [group.name, group.machines.map(({ id }) => id).join(" "), group.used, group.total]);
  assert.deepEqual(shown("app"), [
    ["@acme/shop", "m4", 0, 4],
    ["shop", "m2 m3", 3, 8],
    ["Blanks, of no app yet", "m1", 0, 4],
  ]);
  assert.deepEqual(
    shown("tenant").map(([name]) => name),
    ["acme", "main", "Blanks, of no app yet"],
  );
  assert.equal(shown("kind").length, 1);
  assert.deepEqual(shown("none", "ACME"), [["All machines", "m4", 0, 4]]);
  assert.deepEqual(
    [fullness({ slots: { used: 1, total: 4 } }), fullness({ slots: { used: 0, total: 0 } }), fullness({ slots: { used: 9, total: 4 } })],
    [0.25, 0, 1],
  );
});

test("what an execution did is a bar for each operation, those that go on up to now", () => {
  const event = (number: number, at: number, type: string, id: string | null) => ({
    number,
    at,
    type,
    operation: id === null ? null : { id, name: id === "c" ? null : id, subType: null },
  });
  const events = [
    event(1, 1_000, "ExecutionStarted", "x"),
    event(2, 1_000, "StepStarted", "a"),
    event(3, 1_200, "StepSucceeded", "a"),
    event(4, 1_250, "InvocationCompleted", null),
    event(5, 1_500, "WaitStarted", "b"),
    event(6, 1_600, "StepStarted", "c"),
    event(7, 1_700, "StepFailed", "c"),
  ];
  const bars = barsOf({ events }, 1_000, 2_000).map(({ name, kind, state, left, width }) => [name, kind, state, left, width]);
  assert.deepEqual(bars, [
    ["a", "Step", "succeeded", 0, 0.2],
    ["b", "Wait", "running", 0.5, 0.5],
    ["Step", "Step", "failed", 0.6, 0.1],
  ]);
  assert.deepEqual(barsOf({ events: [] }, 1, 1), []);
});

test("the newest lines of a log are kept, and found by whatever they have", () => {
  const line = (text: string, more: object = {}) => ({ at: 1, level: "info", text, ...more });
  let lines = withMore([], [line("one", { invocation: "abc-1" }), line("two", { function: "Cart", level: "error" })]);
  assert.deepEqual(
    ["ABC", "cart", "err", "TWO", "", "none"].map((search) => found(lines, search).length),
    [1, 1, 1, 1, 2, 0],
  );
  for (let round = 0; round < 3; round++)
    lines = withMore(
      lines,
      Array.from({ length: 1_000 }, () => line("more")),
    );
  const long = withMore(
    lines,
    Array.from({ length: 200 }, () => line("x".repeat(60_000))),
  );
  assert.deepEqual([long.length, long.at(-1)!.number], [133, 3_202]);
  assert.deepEqual([lines.length, lines.at(-1)!.number, new Set(lines.map(({ number }) => number)).size], [MOST_LINES, 3_002, MOST_LINES]);
  const reader = new LineReader();
  assert.deepEqual(
    [reader.take('{"text":"a'), reader.take('b"}\n\n{"text"'), reader.take(':"c"}\n')].flat().map(({ text }) => text),
    ["ab", "c"],
  );
});

test("pages offer what a role may do", () => {
  assert.deepEqual(
    ["operator", "tenant-admin", "deployer", "reader", "invoker", "none"].map((role) => [
      mayDo("read", role),
      mayDo("deploy", role),
      mayDo("invoke", role),
    ]),
    [
      [true, true, true],
      [true, true, true],
      [true, true, true],
      [true, false, false],
      [false, false, true],
      [false, false, false],
    ],
  );
});

test("times on a plot's axis have what tells them apart", () => {
  const midnight = new Date(2026, 10, 30).getTime();
  const every = (ms: number) => format.timesOnAxis([0, 1, 2].map((each) => midnight + each * ms));
  assert.deepEqual(every(5_000), ["00:00:00", "00:00:05", "00:00:10"]);
  assert.deepEqual(every(900_000), ["30 Nov", "00:15", "00:30"]);
  assert.deepEqual(every(24 * 3_600_000), ["30 Nov", "1 Dec", "2 Dec"]);
  assert.deepEqual(format.timesOnAxis([midnight + 60_000]), ["00:01"]);
  assert.deepEqual(format.timesOnAxis([]), []);
});

test("a function's URL names its tenant, but for main", () => {
  assert.equal(functionUrl("http://127.0.0.1:8080/", "", "shop", "cart"), "http://127.0.0.1:8080/shop/cart");
  assert.equal(functionUrl("http://127.0.0.1:8080", "main", "shop", "cart"), "http://127.0.0.1:8080/shop/cart");
  assert.equal(functionUrl("https://example.com", "acme", "shop", "a b"), "https://example.com/@acme/shop/a%20b");
});

test("statuses of durable executions are told in the words of the command line", () => {
  assert.deepEqual(["SUCCEEDED", "TIMED_OUT", "NEW"].map(runStatusInWords), ["succeeded", "timed out", "NEW"]);
});

test("a name of dots in an address leads to no other route of the API", () => {
  const pathOf = (name: string) => `/v1/apps/${encodeURIComponent(name)}/bill`;
  for (const name of [".", ".."]) assert.equal(isAsItSays(pathOf(name)), false, name);
  assert.equal(isAsItSays("/v1/apps/%2E%2e/bill"), false);
  for (const name of ["shop", "a.b", "...", "../x", "%2e%2e", ".hidden", "__proto__"]) {
    assert.equal(isAsItSays(pathOf(name)), true, name);
    assert.equal(new URL(pathOf(name), "http://localhost").pathname, pathOf(name));
  }
});
