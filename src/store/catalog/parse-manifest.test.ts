import assert from "node:assert/strict";
import { test } from "node:test";
import { parseManifest, parseStoredManifest } from "./parse-manifest.ts";

const main = { entry: "a.ts" };
const textOf = (more: object) => JSON.stringify({ name: "shop", functions: { main }, ...more });
const manifestOf = (more: object) => parseManifest(textOf(more), "mayfly.json");
const refused = (json: string, message: RegExp | string, about = "") =>
  assert.throws(() => parseManifest(json, "mayfly.json"), { code: "bad-manifest", message }, about);
const many = (count: number, of: (at: number) => [string, unknown]) => Object.fromEntries(Array.from({ length: count }, (_, at) => of(at)));

test("a manifest of more than 256 KiB is refused before it is parsed, counted in bytes", () => {
  refused(" ".repeat(262_145), "mayfly.json is not valid: it has 262145 bytes, and at most 262144 are allowed.");
  refused("ä".repeat(131_073), /it has 262146 bytes/);
  const manifest = textOf({});
  assert.equal(parseManifest(manifest + " ".repeat(262_144 - manifest.length), "mayfly.json").name, "shop");
});

test("what a manifest lists is bounded in number, and its texts in length", () => {
  const name = (at: number) => `f${at}`;
  const long = (length: number) => "x".repeat(length);
  const cases: [key: string, fits: object, over: object][] = [
    ["functions", { functions: many(1_000, (at) => [name(at), main]) }, { functions: many(1_001, (at) => [name(at), main]) }],
    ["hosts", { hosts: many(1_000, (at) => [name(at), "main"]) }, { hosts: many(1_001, (at) => [name(at), "main"]) }],
    ["routes", { routes: many(1_000, (at) => [`GET /${at}`, "main"]) }, { routes: many(1_001, (at) => [`GET /${at}`, "main"]) }],
    ["hosts", { hosts: { [long(260)]: "main" } }, { hosts: { [long(261)]: "main" } }],
    ["secrets", { secrets: Object.keys(many(1_000, (at) => [name(at), 1])) }, { secrets: Object.keys(many(1_001, (at) => [name(at), 1])) }],
    ["$schema", { $schema: long(2_048) }, { $schema: long(2_049) }],
    ["functions.main.entry", { functions: { main: { entry: long(1_024) } } }, { functions: { main: { entry: long(1_025) } } }],
    [
      "functions.main.handler",
      { functions: { main: { ...main, handler: long(1_024) } } },
      { functions: { main: { ...main, handler: long(1_025) } } },
    ],
    ["network.allow.0", { network: { egress: true, allow: [long(260)] } }, { network: { egress: true, allow: [long(261)] } }],
  ];
  for (const [key, fits, over] of cases) {
    manifestOf(fits);
    refused(textOf(over), new RegExp(`: ${RegExp.escape(key)} .*must have at most \\d+ (entries|characters)`), key);
  }
});

test("a secret that is named twice is refused; a revision that was stored so is still read", () => {
  refused(textOf({ secrets: ["A", "B", "A"] }), "mayfly.json is not valid: secrets has the name A more than once.");
  assert.deepEqual(parseStoredManifest(textOf({ secrets: ["A", "A"] }), "mayfly.json").secrets, ["A", "A"]);
});

test("routes are methods with paths, each for a function and for requests of its own", () => {
  const fits = ["GET /", "ANY /a/{b}/{c+}", "$default", "M /a.b/~x/{p-1}", "GET /{x}", "POST /{x}", "GET /{x+}"];
  manifestOf({ routes: Object.fromEntries(fits.map((key) => [key, "main"])), hosts: { "a.example": "$routes" } });
  const cases: [routes: Record<string, string>, what: RegExp][] = [
    [{ "get /a": "main" }, /routes has the key "get \/a", but a key must be a method in capitals, or ANY, a space and a path/],
    [{ "/a": "main" }, /must be a method in capitals/],
    [{ "GET a": "main" }, /must be a method in capitals/],
    [{ "GET /a/": "main" }, /must have parts such as users.*and not "": leave out the second or last slash/],
    [{ "GET /a b": "main" }, /and not "a b"/],
    [{ "GET /{a": "main" }, /and not "\{a"/],
    [{ "GET /{a+}/b": "main" }, /must have \{name\+\} at its end alone/],
    [{ "GET /{a}/{a}": "main" }, /has \{a\} twice/],
    [{ "GET /a": "other" }, /must be the name of a function/],
    [{ "GET /{a}": "main", "GET /{b}": "main" }, /must not be beside "GET \/\{a\}", which is for the same requests/],
  ];
  for (const [routes, what] of cases) refused(textOf({ routes }), what, JSON.stringify(routes));
  refused(textOf({ hosts: { "a.example": "$routes" } }), /can be \$routes only with the key routes/);
});

test("a manifest that is nested too deeply is refused as such, however deep it is", () => {
  for (const depth of [17, 1_000, 100_000])
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
    ] as const) {
      if (depth * (open.length + close.length) > 262_000) continue;
      refused(
        `${open.repeat(depth)}1${close.repeat(depth)}`,
        /it has objects or lists that are nested more than 16 deep/,
        `${open} ${depth}`,
      );
    }
});

test("the key __proto__ is refused with its place, and not silently dropped", () => {
  const text = (inner: string) => `{"name":"shop","functions":{"main":{"entry":"a.ts"}}${inner}}`;
  const cases = [
    [',"env":{"__proto__":"p"}', "env"],
    [',"hosts":{"__proto__":"main"}', "hosts"],
    [',"__proto__":{}', "it"],
    [',"network":{"egress":true,"allow":[],"__proto__":1}', "network"],
    [',"env":{"KEY=s3cret":{"__proto__":1}}', "env.(a name)"],
  ] as const;
  for (const [inner, place] of cases) {
    const message = `mayfly.json is not valid: ${place} has the key __proto__, which is allowed only as the name of a function.`;
    refused(text(inner), message, inner);
  }
  refused(textOf({ secrets: ["__proto__"] }), /secrets\.0 is /);
  assert.equal(manifestOf({ env: { constructor: "c", hasOwnProperty: "h" } }).env["constructor"], "c");
});

test("the only function may be called __proto__, and hosts may name it", () => {
  const { functions } = parseManifest('{"name":"shop","functions":{"__proto__":{"entry":"a.ts"}},"hosts":{"a.example":"__proto__"}}', "");
  assert.deepEqual(Object.entries(functions), [["__proto__", { entry: "a.ts", handler: "handler" }]]);
});

test("names of functions that differ only in capitals are refused by name", () => {
  const functions = { first: main, payNow: main, PAYNOW: main };
  const what = "functions must not have both payNow and PAYNOW: these names differ only in capitals, which hosts ignore";
  refused(textOf({ functions }), `mayfly.json is not valid: ${what}.`);
});
