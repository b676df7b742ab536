import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDocument } from "./parse-document.ts";
import { isMap, type Value } from "./value.ts";

/** Maps as lists of pairs, because an object cannot have every key. */
const pairs = (value: Value | undefined): unknown =>
  isMap(value) ? [...value].map(([key, each]) => [key, pairs(each)]) : Array.isArray(value) ? value.map(pairs) : value;

test("short tags of CloudFormation become what they stand for, on texts, lists and maps", () => {
  const text = `
a: !Ref Table
b: !GetAtt Table.Stream.Arn
c: !Sub "\${A}-x"
d: !Join ["-", [!Ref A, b]]
e: !If [Is, !Ref "AWS::NoValue", {x: 1}]
f: !Condition Is
g: !Base64
  Fn::Sub: x
h: !FindInMap [M, !Ref K, v]
`;
  assert.deepEqual(pairs(parseDocument(text)), [
    ["a", [["Ref", "Table"]]],
    ["b", [["Fn::GetAtt", ["Table", "Stream.Arn"]]]],
    ["c", [["Fn::Sub", "${A}-x"]]],
    ["d", [["Fn::Join", ["-", [[["Ref", "A"]], "b"]]]]],
    ["e", [["Fn::If", ["Is", [["Ref", "AWS::NoValue"]], [["x", 1]]]]]],
    ["f", [["Condition", "Is"]]],
    ["g", [["Fn::Base64", [["Fn::Sub", "x"]]]]],
    ["h", [["Fn::FindInMap", ["M", [["Ref", "K"]], "v"]]]],
  ]);
});

test("anchors and merged maps are there at each use, dates stay texts, and JSON is read as well", () => {
  const text = "base: &base {a: 1, b: 2}\nuse: {<<: *base, b: 3}\nmany: {<<: [*base, {c: 4}]}\nversion: 2012-10-17\nlist: [*base]\n";
  assert.deepEqual(pairs(parseDocument(text)), [
    [
      "base",
      [
        ["a", 1],
        ["b", 2],
      ],
    ],
    [
      "use",
      [
        ["b", 3],
        ["a", 1],
      ],
    ],
    [
      "many",
      [
        ["a", 1],
        ["b", 2],
        ["c", 4],
      ],
    ],
    ["version", "2012-10-17"],
    [
      "list",
      [
        [
          ["a", 1],
          ["b", 2],
        ],
      ],
    ],
  ]);
  assert.deepEqual(pairs(parseDocument('{"a": [1, true, null, "x"]}')), [["a", [1, true, null, "x"]]]);
});

test("names that every object has are keys like any other", () => {
  const value = parseDocument("__proto__: {polluted: yes}\nconstructor: 1\ntoString: {hasOwnProperty: 2}\n");
  assert.deepEqual(pairs(value), [
    ["__proto__", [["polluted", "yes"]]],
    ["constructor", 1],
    ["toString", [["hasOwnProperty", 2]]],
  ]);
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
});

test("what would become gigabytes is refused, and so are circles, depths and what is no YAML", () => {
  const laughs = ["a: &a [x,x,x,x,x,x,x,x,x]"];
  for (let at = 1; at < 12; at += 1) {
    const [before, name] = [String.fromCharCode(96 + at), String.fromCharCode(97 + at)];
    laughs.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(",")}]`);
  }
  assert.throws(() => parseDocument(laughs.join("\n")), /over 100000 values, those of anchors counted at each use/);
  assert.throws(() => parseDocument("a: &a [*a]"), /nested more than 100 deep/);
  assert.throws(() => parseDocument("[".repeat(102) + "]".repeat(102)), /nested more than 100 deep/);
  assert.throws(() => parseDocument("[".repeat(200_000)), /nested more than 100 deep|not valid YAML/);
  assert.throws(() => parseDocument(`a: ${"x".repeat(2_097_152)}`), /over 2 MiB/);
  assert.throws(() => parseDocument("a: [1"), /it is not valid YAML: .*line 1, column \d+$/);
  assert.throws(() => parseDocument("a: 1\na: 2"), /it is not valid YAML: .*unique/i);
  assert.throws(() => parseDocument("a: *nothing"), /nothing/);
  assert.throws(() => parseDocument("? [a, b]\n: 1"), /a key that is no text/);
});
