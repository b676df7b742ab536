import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { parseManifest } from "./parse-manifest.ts";

const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const publicJwk = { ...ec.publicKey.export({ format: "jwk" }), kid: "k1" };
const jwt = { issuer: "https://id.test", audience: "shop", keys: "https://id.test/keys" };
const manifest = (keys: object, own: object = {}) =>
  parseManifest(JSON.stringify({ name: "shop", functions: { cart: { entry: "cart.ts", ...own } }, ...keys }), "mayfly.json");

test("access, rate, cors and ips may stand at the app and at a function", () => {
  const keys = {
    access: ["token", "signed-url", { jwt: { ...jwt, claims: { scope: "buy", level: [1, 2], staff: true } } }],
    rate: { perCaller: { calls: 10, seconds: 60 }, perFunction: { calls: 100, seconds: 1 } },
    cors: { origins: ["https://shop.test", "capacitor://localhost"], credentials: true, maxAgeS: 600 },
    ips: { allow: ["10.0.0.0/8", "2001:db8::/32"], deny: ["10.9.9.9"] },
  };
  const parsed = manifest(keys, keys);
  for (const [key, value] of Object.entries(keys)) {
    assert.deepEqual(parsed[key as keyof typeof keys], value);
    assert.deepEqual(parsed.functions["cart"]![key as keyof typeof keys], value);
  }
  assert.equal(manifest({ access: "public" }).access, "public");
  assert.deepEqual(manifest({ access: { jwt: { ...jwt, keys: { keys: [publicJwk] } } } }).access, {
    jwt: { ...jwt, keys: { keys: [publicJwk] } },
  });
});

test("a manifest without these keys stays as it was, so that its digest does too", () => {
  const parsed = manifest({});
  for (const key of ["access", "rate", "cors", "ips"]) {
    assert.ok(!Object.hasOwn(parsed, key), key);
    assert.ok(!Object.hasOwn(parsed.functions["cart"]!, key), key);
  }
});

const privateJwk = { ...ec.privateKey.export({ format: "jwk" }) };
const small = generateKeyPairSync("rsa", { modulusLength: 1_024 }).publicKey.export({ format: "jwk" });

for (const [what, keys, message] of [
  ["an unknown way", { access: "tokens" }, /access is "tokens", but must be one of/],
  ["no way at all", { access: [] }, /access must not be empty/],
  ["public beside another way", { access: ["public", "token"] }, /"public" alone or not at all/],
  ["a JWT without an audience", { access: { jwt: { issuer: "i", keys: "https://id.test/keys" } } }, /access\.jwt\.audience is missing/],
  ["a JWT without an issuer", { access: { jwt: { audience: "a", keys: "https://id.test/keys" } } }, /access\.jwt\.issuer is missing/],
  ["a JWT with an unknown key", { access: { jwt: { ...jwt, algorithms: ["none"] } } }, /algorithms/],
  ["a private key", { access: { jwt: { ...jwt, keys: { keys: [privateJwk] } } } }, /must be a public key, but has d/],
  ["a shared secret as a key", { access: { jwt: { ...jwt, keys: { keys: [{ kty: "oct", k: "c2VjcmV0" }] } } } }, /kty/],
  ["a short key", { access: { jwt: { ...jwt, keys: { keys: [small] } } } }, /at least 2048 bits, but has 1024/],
  ["half a key", { access: { jwt: { ...jwt, keys: { keys: [{ kty: "EC", crv: "P-256" }] } } } }, /must be a whole public key/],
  ["keys at a URL with a password", { access: { jwt: { ...jwt, keys: "https://a:b@id.test/keys" } } }, /neither a user/],
  ["no limit in rate", { rate: {} }, /rate must have perCaller, perFunction or both/],
  ["a limit of no calls", { rate: { perCaller: { calls: 0, seconds: 1 } } }, /rate\.perCaller\.calls is 0, but must be at least 1/],
  [
    "a window of a day",
    { rate: { perCaller: { calls: 1, seconds: 86_400 } } },
    /rate\.perCaller\.seconds is 86400, but must be at most 3600/,
  ],
  ["an origin with a path", { cors: { origins: ["https://shop.test/"] } }, /must be an origin such as/],
  ["the origin null", { cors: { origins: ["null"] } }, /must be an origin such as/],
  ["every origin with credentials", { cors: { origins: "*", credentials: true } }, /must list the origins instead of "\*"/],
  ["a header of two lines", { cors: { origins: "*", exposeHeaders: ["x-a\r\nx-b"] } }, /must be the name of a header/],
  ["a range that is none", { ips: { allow: ["10.0.0.0/33"] } }, /must be an address or a range/],
  ["no list in ips", { ips: {} }, /ips must have allow, deny or both/],
] as const) {
  test(`refused with a message that says why: ${what}`, () => {
    for (const [at, own] of [[keys, {}] as const, [{}, keys] as const])
      assert.throws(() => manifest(at, own), { code: "bad-manifest", message });
  });
}
