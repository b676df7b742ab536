/** What `inject` in a manifest may say, and what it means. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MayflyError } from "../../base/errors/error.ts";
import { injectionsOf, neededSecrets } from "./injections.ts";
import { lackingSecret } from "./lacking-secrets.ts";
import { parseManifest } from "./parse-manifest.ts";

const entry = { host: "api.example.com", header: "authorization", secret: "API_KEY" };
const parse = (inject: unknown, more: object = {}) => {
  const manifest = { name: "shop", functions: { main: { entry: "a.ts" } }, network: "egress", inject, ...more };
  return parseManifest(JSON.stringify(manifest), "mayfly.json");
};
const refused = (inject: unknown, message: RegExp, more: object = {}) =>
  assert.throws(() => parse(inject, more), { code: "bad-manifest", message }, JSON.stringify(inject));
const versionOf = (inject: unknown, more: object = {}) => ({ app: "shop", id: "1", manifest: parse(inject, more) }) as never;

test("a host is a name of DNS, perhaps with a port", () => {
  for (const host of [
    "api.example.com",
    "API.Example.COM:8443",
    "db",
    "a-b.c_d.example",
    "xn--bcher-kva.example",
    `${"a".repeat(63)}.example:1`,
  ])
    parse([{ ...entry, host }]);
  const others = [
    "",
    "192.0.2.7",
    "[2001:db8::1]",
    "::1",
    "*.example.com",
    "a..b",
    ".a",
    "a.",
    "-a.example",
    "a b",
    "localhost",
    "x.localhost:443",
  ];
  for (const host of [
    ...others,
    "bücher.example",
    "a.example:0",
    "a.example:65536",
    "a.example:",
    "https://a.example",
    "a.example/x",
    `${"a".repeat(64)}.example`,
  ])
    refused([{ ...entry, host }], /inject\.0\.host .*must be a name of DNS/);
});

test("a header is one that code may choose", () => {
  for (const header of ["Authorization", "x-api-key", "X_Token"]) parse([{ ...entry, header }]);
  for (const header of ["", "a b", "a:", "ä"]) refused([{ ...entry, header }], /inject\.0\.header .*must be the name of a header/);
  for (const header of ["Host", "content-length", "Transfer-Encoding", "connection", "upgrade", "TE"])
    refused([{ ...entry, header }], /inject\.0\.header .*must be another header/);
});

test("a secret has a name, and the prefix is text of a header", () => {
  refused([{ ...entry, secret: "a-b" }], /inject\.0\.secret /);
  refused([{ ...entry, prefix: "a\r\nb: " }], /inject\.0\.prefix .*must be text that a header can have/);
  refused([{ ...entry, value: "x" }], /value/);
});

test("entries need a network, are at most 100, and set each header once", () => {
  refused([entry], /inject cannot be without a network/, { network: "none" });
  parse([], { network: "none" });
  const many = (count: number) => Array.from({ length: count }, (_, at) => ({ ...entry, header: `x-${at}` }));
  parse(many(100));
  refused(many(101), /inject .*at most 100/);
  refused([entry, { ...entry, host: "API.example.com:443", header: "Authorization" }], /inject\.1\.header .*same host, port and header/);
  parse([entry, { ...entry, host: "api.example.com:8443" }, { ...entry, header: "x-other" }]);
});

test("what is added has its whole value, and the secrets that it takes are needed", () => {
  const secrets = (_app: string, names: string[]) => Object.fromEntries(names.map((name) => [name, `value of ${name}`]));
  const inject = [
    { ...entry, prefix: "Bearer " },
    { host: "B.example:8443", header: "X-Key", secret: "OTHER" },
  ];
  const injections = injectionsOf({ secrets }, versionOf(inject)).map(({ host, port, header, value }) => ({
    host,
    port,
    header,
    value: value(),
  }));
  assert.deepEqual(injections, [
    { host: "api.example.com", port: 443, header: "authorization", value: "Bearer value of API_KEY" },
    { host: "b.example", port: 8443, header: "x-key", value: "value of OTHER" },
  ]);
  assert.deepEqual(neededSecrets(parse(inject, { secrets: ["OTHER", "MORE"] })), ["OTHER", "MORE", "API_KEY"]);
});

test("a value is the secret's as it is when it is asked for, or an error without it", () => {
  let value: string | undefined = "hunter2\n";
  const secrets = (app: string): Record<string, string> => {
    if (value === undefined) throw new MayflyError("no-such-secret", { app, secret: "API_KEY" });
    return { API_KEY: value };
  };
  const [injection] = injectionsOf({ secrets }, versionOf([{ ...entry, prefix: "Bearer " }]));
  assert.equal(injection!.value(), "Bearer hunter2");
  for (const around of [" other ", "\r\nother", "\ufeffother\n", "\u00a0other"]) {
    value = around;
    assert.equal(injection!.value(), "Bearer other");
  }
  for (const [unfit, message] of [
    ["hunter2\nx", /^the secret API_KEY has characters that a header cannot have, such as a line break$/],
    [" ", /^the secret API_KEY has nothing but spaces/],
    [undefined, /names the secret API_KEY, which is not set/],
  ] as const) {
    value = unfit;
    assert.throws(() => injection!.value(), { message });
  }
});

test("a secret that is not set keeps machines from being bound, as one in `secrets` does", () => {
  const secrets = (app: string, names: string[]): Record<string, string> => {
    if (names.includes("API_KEY")) throw new MayflyError("no-such-secret", { app, secret: "API_KEY" });
    return {};
  };
  assert.equal(lackingSecret({ secrets }, versionOf([entry])), "App shop names the secret API_KEY, which is not set");
});
