import assert from "node:assert/strict";
import { test } from "node:test";
import { matches } from "./matches.ts";
import { NoPattern, readPattern } from "./read-pattern.ts";
import { TooMuchWork, Work } from "./work.ts";

const fits = (pattern: object, event: unknown) => matches(readPattern(JSON.stringify(pattern)), event);

const cases: [what: string, pattern: object, fitting: unknown[], other: unknown[]][] = [
  [
    "a value, by its type",
    { a: ["x", 5, true, null] },
    [{ a: "x" }, { a: 5 }, { a: 5.0 }, { a: true }, { a: null }],
    [{ a: "5" }, { a: false }, {}, { A: "x" }, { a: { x: 1 } }],
  ],
  [
    "fields below fields",
    { a: { b: ["x"] }, c: ["y"] },
    [
      { a: { b: "x", z: 1 }, c: "y" },
      { "a.b": "x", c: "y" },
    ],
    [{ a: { b: "x" } }, { a: "x", c: "y" }, { "a.b": { b: "x" }, c: "y" }],
  ],
  [
    "names with points",
    { "a.b": ["x"], a: { "c.d": ["y"] } },
    [{ a: { b: "x", c: { d: "y" } } }, { "a.b": "x", "a.c.d": "y" }],
    [{ a: { b: "x" } }, { "a.b": { b: "x" }, "a.c": { d: "y" } }],
  ],
  ["a list, by one of its values", { a: ["x"] }, [{ a: ["w", "x"] }, { a: [["x"]] }], [{ a: [] }, { a: ["w"] }]],
  [
    "one object of a list as a whole",
    { a: { b: ["x"], c: ["y"] } },
    [{ a: [{ b: "w" }, { b: "x", c: "y" }] }],
    [
      {
        a: [
          { b: "x", c: "n" },
          { b: "n", c: "y" },
        ],
      },
    ],
  ],
  ["prefix", { a: [{ prefix: "ab" }] }, [{ a: "abc" }, { a: "ab" }], [{ a: "a" }, { a: "Abc" }, { a: 1 }]],
  ["prefix in any case", { a: [{ prefix: { "equals-ignore-case": "aB" } }] }, [{ a: "ABC" }], [{ a: "cab" }]],
  ["suffix", { a: [{ suffix: ".png" }] }, [{ a: "x.png" }], [{ a: "x.PNG" }]],
  ["equals in any case", { a: [{ "equals-ignore-case": "Été" }] }, [{ a: "éTÉ" }], [{ a: "été " }]],
  ["wildcard", { a: [{ wildcard: "a*b*c" }] }, [{ a: "abc" }, { a: "a--b--b--c" }], [{ a: "ab" }, { a: "xabc" }, { a: "abcd" }]],
  ["wildcard whose end begins in its middle", { a: [{ wildcard: "*aba*ba" }] }, [{ a: "ababa" }], [{ a: "aba" }, { a: "abba" }]],
  ["wildcard with stars that are meant", { a: [{ wildcard: "1\\*2*\\\\" }] }, [{ a: "1*2 \\" }], [{ a: "112 \\" }]],
  ["numeric", { a: [{ numeric: [">", 0, "<=", 5] }] }, [{ a: 1 }, { a: 5 }], [{ a: 0 }, { a: 5.1 }, { a: "3" }, { a: null }]],
  ["numeric equality", { a: [{ numeric: ["=", 3e2] }] }, [{ a: 300 }], [{ a: 301 }]],
  ["cidr", { a: [{ cidr: "10.0.0.0/24" }] }, [{ a: "10.0.0.255" }], [{ a: "10.0.1.0" }, { a: "::1" }, { a: "x" }, { a: 1 }]],
  ["cidr of IPv6", { a: [{ cidr: "2001:db8::/32" }] }, [{ a: "2001:db8:1::1" }], [{ a: "2001:db9::1" }, { a: "10.0.0.1" }]],
  [
    "what exists",
    { a: { b: [{ exists: true }] } },
    [{ a: { b: 1 } }, { a: { b: null } }],
    [{ a: {} }, {}, { a: { b: { c: 1 } } }, { a: { b: [] } }],
  ],
  ["what does not exist", { a: { b: [{ exists: false }] } }, [{ a: {} }, {}], [{ a: { b: 1 } }, { a: { b: null } }]],
  ["anything but texts", { a: [{ "anything-but": ["x", "y"] }] }, [{ a: "z" }, { a: null }, { a: 1 }], [{ a: "x" }, {}]],
  ["anything but a number", { a: [{ "anything-but": 0 }] }, [{ a: 1 }, { a: "0" }], [{ a: 0 }, {}]],
  [
    "anything but a prefix",
    { a: [{ "anything-but": { prefix: ["x", "y"] } }] },
    [{ a: "z" }, { a: 7 }, { a: null }],
    [{ a: "xz" }, { a: "yz" }, {}],
  ],
  ["anything but in any case", { a: [{ "anything-but": { "equals-ignore-case": ["X"] } }] }, [{ a: "z" }], [{ a: "x" }, {}]],
  ["anything but a wildcard", { a: [{ "anything-but": { wildcard: "*/lib/*" } }] }, [{ a: "/src/x" }], [{ a: "/usr/lib/x" }]],
  [
    "one of several",
    { c: ["z"], $or: [{ a: ["x"] }, { b: [{ numeric: [">", 1] }] }] },
    [
      { c: "z", a: "x" },
      { c: "z", b: 2 },
    ],
    [{ c: "z", b: 1 }, { a: "x" }],
  ],
  ["names that objects have by themselves", { constructor: [{ exists: true }] }, [{ constructor: 1 }], [{}]],
];

for (const [what, pattern, fitting, other] of cases)
  test(`a pattern compares ${what}`, () => {
    for (const event of fitting) assert.equal(fits(pattern, event), true, JSON.stringify(event));
    for (const event of other) assert.equal(fits(pattern, event), false, JSON.stringify(event));
  });

for (const text of [
  "{}",
  '{"a":[]}',
  '{"a":{}}',
  '{"a":[[1]]}',
  '{"a":[{}]}',
  '{"a":[{"prefix":"x","suffix":"y"}]}',
  '{"a":[{"wildcard":"a**"}]}',
  '{"a":[{"exists":1}]}',
  '{"a":["x"}',
  '{"a":["x"]} x',
  "",
  '{"a":[{"cidr":"1.2.3.4/33"}]}',
])
  test(`${text || "nothing"} is no pattern`, () => {
    assert.throws(() => readPattern(text), NoPattern);
  });

test("a pattern that is nested too deeply is refused", () => {
  assert.throws(() => readPattern('{"a":'.repeat(10_000)), NoPattern);
});

test("an event that is nested deep is compared, and one that takes too much work is refused", () => {
  const deep = JSON.parse(`{"a":${"[".repeat(100_000)}"x"${"]".repeat(100_000)}}`) as unknown;
  assert.equal(fits({ a: ["x"] }, deep), true);
  const names = Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`n.${at}`, at]));
  const either = Array.from({ length: 30 }, (_, at) => ({ [`m${at}`]: [1] }));
  assert.equal(fits({ $or: [...either, { "n.7": [7] }] }, names), true);
  const many = { a: Array.from({ length: 100_000 }, (_, at) => at) };
  assert.equal(fits({ a: [-1, 99_999] }, many), true);
  assert.throws(() => fits({ a: Array.from({ length: 500 }, (_, at) => -at - 1) }, many), TooMuchWork);
  assert.throws(
    () => fits({ a: Array.from({ length: 90 }, (_, at) => ({ cidr: `10.0.${at}.0/24` })) }, { a: Array(200).fill("1.1.1.1") }),
    TooMuchWork,
  );
});

test("what several events may take together is bounded", () => {
  const work = new Work(1_000);
  const pattern = readPattern('{"a":[1]}');
  const event = { a: Array<number>(200).fill(2) };
  assert.equal(matches(pattern, event, work), false);
  assert.throws(() => {
    for (let times = 0; times < 10; times++) matches(pattern, event, work);
  }, TooMuchWork);
});
