import assert from "node:assert/strict";
import { test } from "node:test";
import { nextTime } from "./next-time.ts";
import { NoSchedule, readAwsExpression, readSchedule } from "./read-schedule.ts";

/** The next times after `from`, in UTC. */
function times(text: string, from: string, count = 3, timeZone = "UTC"): string[] {
  const schedule = readSchedule(text, timeZone);
  const found: string[] = [];
  for (let at: number | null = Date.parse(from); found.length < count;) {
    at = nextTime(schedule, { anchor: Date.parse(from) }, at);
    if (at === null) break;
    found.push(new Date(at).toISOString().replace(".000Z", "Z"));
  }
  return found;
}

const cases: [text: string, from: string, ...expected: string[]][] = [
  ["0 3 * * *", "2026-01-01T00:00:00Z", "2026-01-01T03:00:00Z", "2026-01-02T03:00:00Z", "2026-01-03T03:00:00Z"],
  ["*/20 * * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:00:20Z", "2026-01-01T00:00:40Z", "2026-01-01T00:01:00Z"],
  ["@monthly", "2026-01-15T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"],
  ["every 90 seconds", "2026-01-01T00:00:00Z", "2026-01-01T00:01:30Z", "2026-01-01T00:03:00Z", "2026-01-01T00:04:30Z"],
  ["every hour", "2026-01-01T00:10:00Z", "2026-01-01T01:10:00Z", "2026-01-01T02:10:00Z", "2026-01-01T03:10:00Z"],
  ["2026-12-24T18:00", "2026-01-01T00:00:00Z", "2026-12-24T18:00:00Z"],
  ["2026-12-24T18:00:00+02:00", "2026-01-01T00:00:00Z", "2026-12-24T16:00:00Z"],
  ["rate(5 minutes)", "2026-01-01T00:00:00Z", "2026-01-01T00:05:00Z", "2026-01-01T00:10:00Z", "2026-01-01T00:15:00Z"],
  ["at(2026-12-24T18:00:00)", "2026-01-01T00:00:00Z", "2026-12-24T18:00:00Z"],
  ["cron(15 12 * * ? *)", "2026-01-01T00:00:00Z", "2026-01-01T12:15:00Z", "2026-01-02T12:15:00Z", "2026-01-03T12:15:00Z"],
  ["cron(0 18 ? * MON-FRI *)", "2026-01-02T00:00:00Z", "2026-01-02T18:00:00Z", "2026-01-05T18:00:00Z", "2026-01-06T18:00:00Z"],
  ["cron(0 18 ? * 2-6 *)", "2026-01-02T00:00:00Z", "2026-01-02T18:00:00Z", "2026-01-05T18:00:00Z", "2026-01-06T18:00:00Z"],
  ["cron(0 2 ? * SAT#3 *)", "2026-01-01T00:00:00Z", "2026-01-17T02:00:00Z", "2026-02-21T02:00:00Z", "2026-03-21T02:00:00Z"],
  ["cron(0 10 ? * 6L *)", "2026-01-01T00:00:00Z", "2026-01-30T10:00:00Z", "2026-02-27T10:00:00Z", "2026-03-27T10:00:00Z"],
  ["cron(0 10 LW * ? *)", "2026-01-01T00:00:00Z", "2026-01-30T10:00:00Z", "2026-02-27T10:00:00Z", "2026-03-31T10:00:00Z"],
  ["cron(0 10 15W 2 ? *)", "2026-01-01T00:00:00Z", "2026-02-16T10:00:00Z", "2027-02-15T10:00:00Z", "2028-02-15T10:00:00Z"],
  ["cron(5/20 8 1 JAN,JUL ? 2027)", "2026-01-01T00:00:00Z", "2027-01-01T08:05:00Z", "2027-01-01T08:25:00Z", "2027-01-01T08:45:00Z"],
];

for (const [text, from, ...expected] of cases)
  test(`${text} is due when it says`, () => {
    assert.deepEqual(times(text, from), expected);
  });

test("a time that does not exist where clocks are put forward is due when the gap ends", () => {
  const [before, shifted, after] = times("30 2 * * *", "2026-03-28T00:00:00Z", 3, "Europe/Berlin");
  assert.deepEqual([before, shifted, after], ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
});

test("a time that exists twice where clocks are put back is due once, and one of each hour in both", () => {
  assert.deepEqual(times("30 2 * * *", "2026-10-25T00:00:00Z", 2, "Europe/Berlin"), ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
  assert.deepEqual(times("30 * * * *", "2026-10-25T00:00:00Z", 2, "Europe/Berlin"), ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"]);
});

test("several times in the hour that exists twice are due once each", () => {
  assert.deepEqual(times("15,45 2 * * *", "2026-10-24T12:00:00Z", 3, "Europe/Berlin"), [
    "2026-10-25T00:15:00Z",
    "2026-10-25T00:45:00Z",
    "2026-10-26T01:15:00Z",
  ]);
  assert.deepEqual(times("0 15,45 1 * * *", "2026-11-01T04:00:00Z", 3, "America/New_York"), [
    "2026-11-01T05:15:00Z",
    "2026-11-01T05:45:00Z",
    "2026-11-02T06:15:00Z",
  ]);
});

test("an interval takes no notice of clocks that are changed", () => {
  const [first, , , fourth] = times("every 1 hour", "2026-10-25T00:00:00Z", 4, "Europe/Berlin");
  assert.deepEqual([first, fourth], ["2026-10-25T01:00:00Z", "2026-10-25T04:00:00Z"]);
});

test("a time of the calendar is that of its time zone", () => {
  assert.deepEqual(times("at(2026-07-01T09:00:00)", "2026-01-01T00:00:00Z", 3, "America/New_York"), ["2026-07-01T13:00:00Z"]);
});

test("nothing is due before its beginning or after its end", () => {
  const schedule = readSchedule("every 10 minutes");
  const span = { anchor: 0, from: 3_600_000, until: 4_000_000 };
  assert.equal(nextTime(schedule, span, 0), 3_600_000);
  assert.equal(nextTime(schedule, span, 3_600_000), null);
});

const wrong = [
  "",
  "61 * * * *",
  "every 0 seconds",
  "every 2 fortnights",
  "2026-02-30T00:00",
  "rate()",
  "rate( 10 minutes )",
  "rate(-10 minutes)",
  "rate(10 minutess)",
  "rate(10 seconds)",
  "rate(10 years)",
  "rate(foo minutes)",
  "at(2021-12-31)",
  "at(2021-12-31T23:59:59Z)",
  "cron(7 20 * * NOT *)",
  "cron(INVALID)",
  "cron(71 8 1 * ? *)",
  "cron(0 dummy ? * MON-FRI *)",
  "cron(0 8 1 * 1 *)",
  "cron(0 8 ? * ? *)",
  `${"1,".repeat(200)}1 * * * *`,
];

for (const text of wrong)
  test(`${JSON.stringify(text.slice(0, 40))} is no schedule`, () => {
    assert.throws(() => readSchedule(text), NoSchedule);
  });

test("a time zone that nobody knows is refused", () => {
  assert.throws(() => readSchedule("0 3 * * *", "Europe/Atlantis"), /Europe\/Atlantis/);
});

test("AWS's services take no other patterns than AWS's", () => {
  assert.throws(() => readAwsExpression("0 3 * * *", "UTC"), NoSchedule);
  assert.deepEqual(readAwsExpression("rate(1 day)", "UTC"), { kind: "every", ms: 86_400_000 });
});
