import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { parseManifest } from "../../store/catalog/parse-manifest.ts";
import { whyNoJson } from "./json-failure.ts";
import { firstIssue } from "./schema-issue.ts";

const SECRET = "s3cret-value";
const functions = { f: { entry: "f.ts" } };

test("no error of a manifest tells a variable's or a secret's value, whatever is wrong with it", () => {
  const manifests: unknown[] = [
    { name: "a", functions, env: SECRET },
    { name: "a", functions, env: [`KEY=${SECRET}`] },
    { name: "a", functions, env: { KEY: [SECRET] } },
    { name: "a", functions, env: { KEY: { value: SECRET } } },
    { name: "a", functions, env: { [`KEY=${SECRET}`]: "" } },
    { name: "a", functions, secrets: SECRET },
    { name: "a", functions, secrets: { KEY: SECRET } },
    { name: "a", functions, secrets: [`KEY=${SECRET}`] },
    { name: "a", functions: { f: { entry: "f.ts", env: { KEY: SECRET } } } },
    { name: "a", functions: [{ env: { KEY: SECRET } }] },
    [{ env: { KEY: SECRET } }],
    SECRET,
    { name: { env: SECRET }, functions },
    { name: "a", functions, network: { env: SECRET } },
  ];
  for (const given of manifests) check(JSON.stringify(given));
  const whole = JSON.stringify({ name: "a", functions, env: { KEY: SECRET, B: "2" } }, null, 2);
  // A mistake is put at every position, since JSON.parse() would quote the text around it.
  for (let at = 0; at < whole.length; at += 1) {
    check(whole.slice(0, at));
    check(`${whole.slice(0, at)}}${whole.slice(at)}`, true);
    check(`${whole.slice(0, at)}x${whole.slice(at)}`, true);
  }
  check(`{"env":{"KEY":${SECRET}}}`);
});

/** @param mayPass whether the broken text may still be a valid manifest */
function check(json: string, mayPass = false): void {
  try {
    parseManifest(json, "mayfly.json");
  } catch (error) {
    const { message } = error as Error;
    assert.doesNotMatch(message, /s3c|ret-v|alue"/, `${json}: ${message}`);
    return;
  }
  assert.ok(mayPass, json);
}

test("other values are quoted, and the place of a mistake is told", () => {
  const schema = z.strictObject({ memoryMb: z.int().min(128), list: z.array(z.string()).optional() });
  const told = (given: unknown) => firstIssue(schema.safeParse(given).error!, given, schema);
  assert.deepEqual(told({ memoryMb: 64 }), { key: "memoryMb", what: "is 64, but must be at least 128" });
  assert.deepEqual(told({}), { key: "memoryMb", what: "is missing" });
  assert.deepEqual(told({ memoryMb: 128, list: { a: 1 } }), { key: "list", what: "is an object, but must be a list" });
  assert.deepEqual(told({ memory: 64 }), { key: "memory", what: "is not a known key (did you mean memoryMb?); there are memoryMb, list" });
  assert.throws(() => parseManifest(JSON.stringify({ name: "a", functions, rate: { calls: 5 } }), "mayfly.json"), {
    message: /rate\.calls is not a known key; there are perCaller, perFunction/,
  });
  const access = { jwt: { issuer: "i", audience: "a", keys: "k.json", claim: {} } };
  assert.throws(() => parseManifest(JSON.stringify({ name: "a", functions, access }), "mayfly.json"), {
    message: /access\.jwt\.claim is not a known key \(did you mean claims\?\); there are issuer, audience, keys, claims/,
  });
  assert.deepEqual(told("text"), { key: "", what: "is a text of 4 characters, but must be an object" });
  const texts: [string, string][] = [
    ['{\n  "a": 1,\n  "b" 2\n}', "it is not valid JSON at line 3, column 7"],
    ['{\n  "a": 1,\n  "b": x, "c": "some more text"\n}', "it is not valid JSON at line 3, column 8"],
    ['{"a": 1', "it is not valid JSON at line 1, column 8"],
    [" ", "it is empty"],
  ];
  for (const [text, expected] of texts) {
    try {
      JSON.parse(text);
    } catch (error) {
      assert.equal(whyNoJson(text, error), expected);
      continue;
    }
    assert.fail(text);
  }
});

test("a bound that is not itself allowed is told as such, a list that is too short as a rule for it, and a bad key beside its object", () => {
  const schema = z.strictObject({
    spend: z.number().positive(),
    share: z.number().lt(1),
    list: z.array(z.string()).min(1),
    hosts: z.record(z.string().min(1), z.string()),
    env: z.record(z.string().regex(/^[A-Z]+$/, "must be capitals"), z.string()),
  });
  const good = { spend: 1, share: 0, list: ["a"], hosts: {}, env: {} };
  const told = (changes: object) => {
    const given = { ...good, ...changes };
    const { key, what } = firstIssue(schema.safeParse(given).error!, given, schema);
    return `${key} ${what}`;
  };
  assert.equal(told({ spend: 0 }), "spend is 0, but must be above 0");
  assert.equal(told({ share: 1 }), "share is 1, but must be below 1");
  assert.equal(told({ list: [] }), "list must not be empty");
  assert.equal(told({ hosts: { "": "api" } }), 'hosts has the key "", but a key must not be empty');
  assert.equal(told({ env: { "key=s3cret": "x" } }), "env has the key (a name), but a key must be capitals");
});

test("of what may have one of several shapes, the shape that its keys fit best says what is wrong", () => {
  const told = (changes: object): string => {
    try {
      parseManifest(JSON.stringify({ name: "a", functions, ...changes }), "mayfly.json");
      return "nothing";
    } catch (error) {
      return (error as Error).message.replace("mayfly.json is not valid: ", "");
    }
  };
  const trigger = (given: object) =>
    told({ functions: { f: { entry: "f.ts", triggers: [given] } } }).replace("functions.f.triggers.0.", "");
  assert.match(trigger({ webhook: "gitlab", secret: "X" }), /^webhook is "gitlab", but must be one of "github"/);
  assert.match(trigger({ webhook: "github" }), /^secret is missing/);
  assert.match(trigger({ cloudEvents: true }), /^secret is missing/);
  assert.match(trigger({ queue: "q", batchSize: 0 }), /^batchSize is 0, but must be at least 1/);
  assert.match(trigger({ schedul: "@daily" }), /^schedul is not a known key \(did you mean schedule\?\); there are .*webhook/);
  assert.match(trigger({ schedule: "@daily", zone: "UTC" }), /^zone is not a known key/);
  assert.match(
    told({ bindings: { KV: { kvs: "x" } } }),
    /^bindings\.KV\.kvs is not a known key \(did you mean kv\?\); there are kv, .*queue/,
  );
  assert.match(told({ bindings: { KV: {} } }), /^bindings\.KV/);
  assert.match(told({ bindings: { KV: "x" } }), /^bindings\.KV is "x", but must be/);
});
