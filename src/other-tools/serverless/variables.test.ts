import assert from "node:assert/strict";
import { test } from "node:test";
import { ofServerless } from "../testing/translated.ts";

const AROUND = {
  variables: { HOME_ID: "7", __proto__: "x" } as Record<string, string>,
  files: { "./more.yml": "table:\n  name: t-${sls:stage}\nlist: [a, b]", "bad.yml": "a: [" },
};

/** The variable X of a function, or what was said about it. */
function of(value: string, stage?: string, more = ""): unknown {
  const text = `
service: shop
provider: {name: aws, runtime: nodejs20.x, stage: "\${opt:stage, 'dev'}", region: eu-west-1}
params: {default: {size: small}, prod: {size: large}}
custom: {dev: {deep: {a: 1}}, prod: {deep: {a: 2}}, name: "n-\${sls:stage}", where: dev, on: true, loop: "\${self:custom.loop}"}
${more}
functions: {f: {handler: a.b, environment: {X: ${JSON.stringify(value)}}}}
`;
  const { functions, passedOver } = ofServerless(text, { stage, parameters: new Map([["given", "g"]]) }, AROUND);
  return functions[0]!.environment.get("X") ?? { secrets: functions[0]!.secrets, why: passedOver[0]?.why };
}

test("variables are resolved as Serverless Framework v3 does, with defaults and within each other", () => {
  const cases: [value: string, dev: string, prod: string][] = [
    ["${self:service}-${sls:stage}", "shop-dev", "shop-prod"],
    ["${self:custom.${opt:stage, self:custom.where}.deep.a}", "1", "2"],
    ["${self:custom.none, 'fall, back'}", "fall, back", "fall, back"],
    ["${self:custom.none, env:NONE, ${self:custom.name}}", "n-dev", "n-prod"],
    ["${self:provider.stage}", "dev", "prod"],
    ["${env:HOME_ID}", "7", "7"],
    ["${param:size}/${param:given}", "small/g", "large/g"],
    ["${file(./more.yml):table.name}", "t-dev", "t-prod"],
    ["${file(./${self:custom.none, 'more'}.yml):list.1}", "b", "b"],
    ["${aws:region}", "eu-west-1", "eu-west-1"],
    ["${self:custom.none, 5}", "5", "5"],
    ["${self:custom.on}", "true", "true"],
    ["${strToBool(true)}", "true", "true"],
    ["\\${self:custom.on}", "${self:custom.on}", "${self:custom.on}"],
    ["a ${NotOurs} b", "a ${NotOurs} b", "a ${NotOurs} b"],
  ];
  for (const [value, dev, prod] of cases) assert.deepEqual([of(value), of(value, "prod")], [dev, prod], value);
});

test("what cannot be known is left out with the reason, and what is in a store of secrets becomes a secret", () => {
  const cases: [value: string, secrets: string[], why: RegExp][] = [
    ["${ssm:/shop/key}", ["X"], /is in a store of secrets.*mayfly secret set/],
    ["https://${ssm:/shop/host}/", ["X"], /is in a store of secrets/],
    ["${cf:other.Url}", [], /another stack.*--env X=/],
    ["${cf:other.Url, 'http://localhost'}", [], /another stack/],
    ["${s3:bucket/key}", [], /in a bucket/],
    ["${env:NONE}", [], /none of its sources has a value/],
    ["${env:toString}", [], /none of its sources has a value/],
    ["${self:__proto__.polluted}", [], /none of its sources has a value/],
    ["${file(./secrets.js):key}", [], /a program makes it, and none is run here/],
    ["${git:sha1}", [], /nothing here reads "git"/],
    ["${aws:accountId}", [], /no account at Amazon/],
  ];
  for (const [value, secrets, why] of cases) {
    const found = of(value) as { secrets: string[]; why: string };
    assert.deepEqual(found.secrets, secrets, value);
    assert.match(found.why, why, value);
  }
});

test("circles, repetition without end and broken variables are refused", () => {
  assert.throws(() => of("${self:custom.loop}"), /perhaps in a circle/);
  const more = Array.from({ length: 18 }, (_, at) => `x${at}: "\${self:x${at + 1}}\${self:x${at + 1}}"`).join("\n");
  assert.throws(() => of("${self:x0}", undefined, `${more}\nx18: ab`), /over (200000 steps|262144 characters)/);
  assert.throws(() => of("${self:custom.dev"), /has no closing brace/);
  assert.throws(() => of("${".repeat(200)), /deep within each other|no closing brace/);
  assert.throws(() => of("a-${self:custom.dev}"), /stands within a text/);
  assert.throws(() => of("${file(bad.yml):a}"), /not valid YAML/);
});
