import assert from "node:assert/strict";
import { test } from "node:test";
import { Budget } from "../document/budget.ts";
import { parseDocument } from "../document/parse-document.ts";
import { isMap, Unknown, type Value } from "../document/value.ts";
import { evaluate, type Scope } from "./intrinsics.ts";
import { emptyScope } from "./scope.ts";

const map = (text: string) => {
  const value = parseDocument(text);
  assert.ok(isMap(value));
  return value;
};

function scope(): Scope {
  return {
    ...emptyScope(new Budget(), { region: "eu-west-1", stack: "shop" }),
    parameters: new Map<string, Value | undefined>([
      ["Stage", "prod"],
      ["Key", undefined],
      ["List", ["a", "b"]],
    ]),
    mappings: map("Sizes: {prod: {memory: 512}, dev: {memory: 128}}"),
    conditions: map(
      "IsProd: !Equals [!Ref Stage, prod]\nIsDev: !Not [!Condition IsProd]\nEither: !Or [!Condition IsDev, !Condition IsProd]\nOpen: !Equals [!Ref Key, x]\nLoop: !Condition Loop",
    ),
  };
}

const of = (text: string) => evaluate(parseDocument(text), scope(), "at");

test("each function gives what CloudFormation documents", () => {
  const cases: [text: string, expected: Value][] = [
    ["!Ref Stage", "prod"],
    ["!Ref AWS::Region", "eu-west-1"],
    ["!Sub '${AWS::StackName}-${Stage}-${!Stage}'", "shop-prod-${Stage}"],
    ["!Sub ['${A}/${Stage}', {A: !Ref AWS::Partition}]", "aws/prod"],
    ["!Join ['-', [a, !Ref Stage, 1]]", "a-prod-1"],
    ["!Select [1, !Split [',', 'a,b,c']]", "b"],
    ["!Select [0, !Ref List]", "a"],
    ["!If [IsProd, yes, no]", "yes"],
    ["!If [IsDev, yes, !If [Either, second, third]]", "second"],
    ["!FindInMap [Sizes, !Ref Stage, memory]", 512],
    ["!FindInMap [Sizes, none, memory, {DefaultValue: 1}]", 1],
    ["!Base64 text", "dGV4dA=="],
    ["!And [!Condition IsProd, !Equals [1, '1']]", true],
    ["Fn::Length: !Ref List", 2],
    ["Fn::ToJsonString: {a: !Ref Stage}", '{"a":"prod"}'],
    ["[!Ref AWS::NoValue, a, !If [IsDev, b, !Ref AWS::NoValue]]", ["a"]],
  ];
  for (const [text, expected] of cases) assert.deepEqual(of(text), expected, text);
  assert.deepEqual(of("{a: !Ref AWS::NoValue, b: 1}"), new Map([["b", 1]]));
});

test("what only Amazon's cloud knows is unknown, with the reason, and so is all that is made of it", () => {
  const cases: [text: string, why: RegExp][] = [
    ["!Ref Table", /names a resource/],
    ["!GetAtt Table.Arn", /names a resource/],
    ["!Sub 'x-${Table.Arn}'", /names a resource/],
    ["!Join ['', [a, !GetAtt Table.Arn]]", /names a resource/],
    ["!Select [0, !Split [':', !GetAtt Table.Arn]]", /names a resource/],
    ["!ImportValue other", /another stack/],
    ["!Ref Key", /no default/],
    ["!If [Open, a, b]", /cannot be known/],
    ["!If [Missing, a, b]", /cannot be known/],
    ["!FindInMap [Sizes, none, memory]", /has nothing there/],
    ["!Transform {Name: x}", /does not know this function/],
    ["'{{resolve:secretsmanager:key:SecretString}}'", /a store of Amazon's/],
  ];
  for (const [text, why] of cases) {
    const value = of(text);
    assert.ok(value instanceof Unknown, `${text}: ${JSON.stringify(value)}`);
    assert.match(value.why, why, text);
  }
  assert.equal((of("!Sub '{{resolve:ssm:/${Stage}/key}}'") as Unknown).isSecret, true);
});

test("values that name each other in a circle, or too often, are refused", () => {
  assert.throws(() => of("!If [Loop, a, b]"), /perhaps in a circle/);
  const conditions = Array.from({ length: 20 }, (_, at) => `C${at}: !And [!Condition C${at + 1}, !Condition C${at + 1}]`).join("\n");
  const wide = { ...scope(), conditions: map(`${conditions}\nC20: !Equals [1, 1]`) };
  assert.throws(() => evaluate(parseDocument("!If [C0, a, b]"), wide, "at"), /over 200000 steps/);
});

test("a text that a few characters make long is refused before it is put together", () => {
  const long = { ...scope(), parameters: new Map<string, Value | undefined>([["Long", "x".repeat(200_000)]]) };
  const many = Array.from({ length: 10_000 }, () => "!Ref Long").join(", ");
  // Each would have two billion characters, which no text can have.
  for (const text of [`!Sub "${"${Long}".repeat(10_000)}"`, `!Join ["", [${many}]]`, `Fn::ToJsonString: [${many}]`])
    assert.throws(() => evaluate(parseDocument(text), long, "at"), /one of its texts has over 262144 characters/, text.slice(0, 20));
});
