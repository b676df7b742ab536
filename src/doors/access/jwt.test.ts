/** JWTs, good ones and attacks, as jose or an attacker makes them. */
import assert from "node:assert/strict";
import { createHmac, type KeyObject } from "node:crypto";
import { before, describe, type TestContext, test } from "node:test";
import { exportJWK, exportSPKI, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";
import { mainTenant } from "../../base/ids/new-id.ts";
import { manifestSchema } from "../../store/catalog/manifest.ts";
import type { Admission } from "./gate.ts";
import { rulesOf } from "./rules.ts";
import { createTestGate, type TestGate } from "./testing/test-gate.ts";

type Key = CryptoKey | KeyObject;
interface Pair {
  privateKey: Key;
  publicKey: Key;
  jwk: JWK;
}

const URL_OF_KEYS = "https://id.test/keys";
const issuer = "https://id.test/";
const pairs = new Map<string, Pair>();
before(async () => {
  for (const alg of ["RS256", "PS256", "ES256", "EdDSA"]) {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    pairs.set(alg, { privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid: `kid-${alg}`, alg, use: "sig" } });
  }
});

function keysOf(...algorithms: string[]): { keys: JWK[] } {
  return { keys: algorithms.map((alg) => pairs.get(alg)!.jwk) };
}

interface Wish {
  alg?: string;
  by?: string;
  header?: object;
  claims?: JWTPayload;
  /** In seconds after the gate's clock. */
  ends?: number | null;
}

async function tokenOf({ clock }: TestGate, { alg = "RS256", by = alg, header = {}, claims = {}, ends = 300 }: Wish = {}): Promise<string> {
  const payload: JWTPayload = { iss: issuer, aud: "shop", sub: "ada", ...claims };
  if (ends !== null) payload.exp = Math.floor(clock.wall() / 1_000) + ends;
  return new SignJWT(payload).setProtectedHeader({ alg, kid: `kid-${alg}`, ...header }).sign(pairs.get(by)!.privateKey);
}

/** @param keys a URL, or the keys themselves */
function rulesFor(keys: unknown, more: object = {}, app = "app_1") {
  const access = { jwt: { issuer, audience: ["shop", "store"], keys, ...more } };
  const manifest = manifestSchema.parse({ name: "shop", functions: { cart: { entry: "a.ts" } }, access });
  return rulesOf({ tenant: mainTenant, app, manifest }, "cart")!;
}

type Rules = ReturnType<typeof rulesFor>;

function ask({ gate }: TestGate, rules: Rules, token: string): Admission | Promise<Admission> {
  return gate.admit(rules, {
    method: "GET",
    headers: { authorization: `Bearer ${token}` },
    rawHeaders: [],
    address: "192.0.2.1",
    path: "/",
    url: "/",
    host: "h",
    hasBody: false,
  });
}

/** "granted", or the refusal's code and message. */
async function outcome(gate: TestGate, rules: Rules, token: string): Promise<string> {
  const admission = await ask(gate, rules, token);
  if (admission.is === "refused") return `${admission.error.code}: ${admission.error.message}`;
  return admission.is;
}

/** Advances both the gate's clock and that of the library. */
function passTime(context: TestContext, gate: TestGate): (ms: number) => void {
  context.mock.timers.enable({ apis: ["Date"], now: gate.clock.wall() });
  return (ms) => {
    gate.clock.ms += ms;
    context.mock.timers.tick(ms);
  };
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

test("a token by a key of the issuer lets its subject in, by each kind of key, and the function learns its claims", async () => {
  const gate = createTestGate();
  const rules = rulesFor(keysOf("RS256", "PS256", "ES256", "EdDSA"));
  for (const alg of pairs.keys()) {
    const admission = await ask(gate, rules, await tokenOf(gate, { alg, claims: { sub: "ada@test", roles: ["a"], aud: ["x", "store"] } }));
    assert.ok(admission.is === "granted", JSON.stringify(admission));
    const { caller, withoutAuthorization } = admission.granted;
    assert.deepEqual(caller.slice(0, 4), ["x-mayfly-caller-way", "jwt", "x-mayfly-caller", "ada@test"]);
    assert.equal(caller[4], "x-mayfly-caller-claims");
    const claims = JSON.parse(Buffer.from(caller[5]!, "base64url").toString()) as JWTPayload;
    assert.deepEqual([claims.sub, claims["roles"], claims.iss], ["ada@test", ["a"], issuer]);
    assert.equal(withoutAuthorization, false, "the token is the app's own business");
  }
});

test("a subject with line breaks or other scripts cannot make a header of its own", async () => {
  const gate = createTestGate();
  const sub = "ada\r\nx-admin: 1 Ü\ud800%";
  const admission = await ask(gate, rulesFor(keysOf("RS256")), await tokenOf(gate, { claims: { sub } }));
  assert.ok(admission.is === "granted");
  assert.equal(admission.granted.caller[3], "ada%0D%0Ax-admin:%201%20%C3%9C%EF%BF%BD%25");
});

describe("attacks", () => {
  const attacks: Record<string, (gate: TestGate) => Promise<string>> = {
    "no algorithm, no signature": async () => `${part({ alg: "none" })}.${part({ iss: issuer, aud: "shop", sub: "ada", exp: 9e9 })}.`,
    "no algorithm, with the signature of a good token": async (gate) => {
      const [, payload, signature] = (await tokenOf(gate)).split(".");
      return `${part({ alg: "none", kid: "kid-RS256" })}.${payload}.${signature}`;
    },
    "a good token without its signature": async (gate) => (await tokenOf(gate)).replace(/[^.]*$/, ""),
    "the public key as a shared secret": async (gate) => {
      const { exp } = { exp: Math.floor(gate.clock.wall() / 1_000) + 300 };
      const text = `${part({ alg: "HS256", kid: "kid-RS256" })}.${part({ iss: issuer, aud: "shop", sub: "ada", exp })}`;
      const secret = await exportSPKI(pairs.get("RS256")!.publicKey);
      return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
    },
    "the public key's JSON as a shared secret": async (gate) => {
      const text = `${part({ alg: "HS256", kid: "kid-RS256" })}.${part({ iss: issuer, aud: "shop", exp: gate.clock.wall() })}`;
      return `${text}.${createHmac("sha256", JSON.stringify(pairs.get("RS256")!.jwk))
        .update(text)
        .digest("base64url")}`;
    },
    "another key under the name of the issuer's": async (gate) => {
      const { privateKey } = await generateKeyPair("RS256");
      const exp = Math.floor(gate.clock.wall() / 1_000) + 300;
      return new SignJWT({ iss: issuer, aud: "shop", exp }).setProtectedHeader({ alg: "RS256", kid: "kid-RS256" }).sign(privateKey);
    },
    "a key that the token brings itself": async (gate) => {
      const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
      const header = { alg: "ES256", jwk: await exportJWK(publicKey), jku: "https://evil.test/keys", x5u: "https://evil.test/x" };
      const exp = Math.floor(gate.clock.wall() / 1_000) + 300;
      return new SignJWT({ iss: issuer, aud: "shop", exp }).setProtectedHeader(header).sign(privateKey);
    },
    "a key of the issuer's that is not for this algorithm": (gate) =>
      tokenOf(gate, { alg: "RS256", by: "RS256", header: { kid: "kid-PS256" } }),
    "a key that the issuer has not": (gate) => tokenOf(gate, { header: { kid: "kid-none" } }),
    "no key named, of several": (gate) => tokenOf(gate, { alg: "EdDSA", header: { kid: undefined } }),
    "an ended token": (gate) => tokenOf(gate, { ends: -6 }),
    "a token without an end": (gate) => tokenOf(gate, { ends: null }),
    "an end that is no number": (gate) => tokenOf(gate, { ends: null, claims: { exp: "9999999999" as unknown as number } }),
    "a token that begins later": (gate) => tokenOf(gate, { claims: { nbf: Math.floor(gate.clock.wall() / 1_000) + 60 } }),
    "another audience": (gate) => tokenOf(gate, { claims: { aud: "shop2" } }),
    "no audience": (gate) => tokenOf(gate, { claims: { aud: [] } }),
    "another issuer": (gate) => tokenOf(gate, { claims: { iss: "https://id.test" } }),
    "a critical extension that nobody knows": async (gate) => {
      const [, payload, signature] = (await tokenOf(gate)).split(".");
      return `${part({ alg: "RS256", kid: "kid-RS256", crit: ["x"], x: 1 })}.${payload}.${signature}`;
    },
    "other claims under a good signature": async (gate) => {
      const [header, payload, signature] = (await tokenOf(gate)).split(".");
      const claims = JSON.parse(Buffer.from(payload!, "base64url").toString()) as object;
      return `${header}.${part({ ...claims, sub: "root" })}.${signature}`;
    },
    "too long a token": (gate) => tokenOf(gate, { claims: { pad: "x".repeat(8_192) } }),
    "five parts, as an encrypted token has": async () => `${part({ alg: "dir", enc: "A256GCM" })}.a.b.c.d`,
    "no JSON": async () => "a.b.c",
    "a payload that is no object": async () => `${part({ alg: "RS256" })}.${part([1])}.AA`,
  };
  for (const [name, attack] of Object.entries(attacks))
    test(`refused: ${name}`, async () => {
      const gate = createTestGate();
      const keys =
        name === "no key named, of several"
          ? { keys: [pairs.get("EdDSA")!.jwk, { ...pairs.get("EdDSA")!.jwk, kid: "2" }] }
          : keysOf("RS256", "PS256");
      const token = await attack(gate);
      const rules = rulesFor(keys);
      assert.match(await outcome(gate, rules, token), /^credentials-refused: /);
      assert.match(await outcome(gate, rules, token), /^credentials-refused: /, "nor the second time");
      const good = await tokenOf(gate, name === "no key named, of several" ? { alg: "EdDSA", header: { kid: "2" } } : {});
      assert.equal(await outcome(gate, rules, good), "granted", "a good token beside it is let in");
    });
});

test("claims that the app asks for: a value, one of several, an entry of a list, a word of the scope", async () => {
  const gate = createTestGate();
  const rules = rulesFor(keysOf("RS256"), { claims: { scope: "buy", level: [1, 2], staff: true, groups: "shop" } });
  const good = { scope: "read buy", level: 2, staff: true, groups: ["x", "shop"] };
  assert.equal(await outcome(gate, rules, await tokenOf(gate, { claims: good })), "granted");
  for (const claims of [
    { scope: "buyer" },
    { scope: "read" },
    { level: 3 },
    { level: "2" },
    { staff: "true" },
    { staff: undefined },
    { groups: "shop shop" },
    { groups: [] },
  ])
    assert.match(
      await outcome(gate, rules, await tokenOf(gate, { claims: { ...good, ...claims } })),
      /^caller-not-allowed: /,
      JSON.stringify(claims),
    );
  const inherited = rulesFor(keysOf("RS256"), { claims: { constructor: "x", toString: "y" } });
  assert.match(await outcome(gate, inherited, await tokenOf(gate)), /^caller-not-allowed/);
});

test("a token that was good is trusted without another look, but not beyond its end, nor by another rule, nor for long", async () => {
  let fetches = 0;
  let keys: object = keysOf("RS256");
  const gate = createTestGate(async () => {
    fetches += 1;
    return JSON.stringify(keys);
  });
  const rules = rulesFor(URL_OF_KEYS);
  const token = await tokenOf(gate, { ends: 30 });
  assert.equal(await outcome(gate, rules, token), "granted");
  assert.ok(!(ask(gate, rules, token) instanceof Promise), "it is known");
  assert.ok(!(ask(gate, rulesFor(URL_OF_KEYS), token) instanceof Promise), "by the same rule of a later deploy, too");
  assert.match(await outcome(gate, rulesFor(URL_OF_KEYS, { claims: { staff: true } }), token), /^caller-not-allowed/);
  assert.match(await outcome(gate, rulesFor(URL_OF_KEYS, { audience: "other" }), token), /^credentials-refused/);
  gate.clock.ms += 30_000;
  // Its end has come; only the tolerance between clocks is left.
  assert.ok(ask(gate, rules, token) instanceof Promise);
  gate.clock.ms += 6_000;
  assert.match(await outcome(gate, rules, token), /has expired/);
  const long = await tokenOf(gate, { ends: 100_000 });
  assert.equal(await outcome(gate, rules, long), "granted");
  keys = { keys: [] };
  gate.clock.ms += 60_001;
  assert.ok(ask(gate, rules, long) instanceof Promise, "after a minute it is looked at again");
  assert.equal(fetches, 1);
});

describe("keys by URL", () => {
  test("are fetched once for many calls at once, and again only after ten minutes", async (context) => {
    let fetches = 0;
    const gate = createTestGate(async () => {
      fetches += 1;
      return JSON.stringify(keysOf("RS256"));
    });
    const pass = passTime(context, gate);
    const rules = rulesFor(URL_OF_KEYS);
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, i) => tokenOf(gate, { claims: { sub: `${i}` }, ends: 5_000 })));
    assert.deepEqual(new Set(await Promise.all(tokens.map((token) => outcome(gate, rules, token)))), new Set(["granted"]));
    assert.equal(fetches, 1);
    pass(599_000);
    assert.equal(await outcome(gate, rules, tokens[0]!), "granted");
    assert.equal(fetches, 1);
    pass(2_000 + 60_000);
    assert.equal(await outcome(gate, rules, tokens[0]!), "granted");
    assert.equal(fetches, 2);
  });

  test("that are new are found at the next call, but unknown ones make no more than two fetches a minute", async (context) => {
    let fetches = 0;
    let keys = keysOf("RS256");
    const gate = createTestGate(async () => {
      fetches += 1;
      return JSON.stringify(keys);
    });
    const pass = passTime(context, gate);
    const rules = rulesFor(URL_OF_KEYS);
    assert.equal(await outcome(gate, rules, await tokenOf(gate)), "granted");
    keys = keysOf("RS256", "ES256");
    pass(31_000);
    assert.equal(await outcome(gate, rules, await tokenOf(gate, { alg: "ES256" })), "granted");
    assert.equal(fetches, 2);
    for (let i = 0; i < 60; i++) {
      pass(1_000);
      for (let j = 0; j < 5; j++) await outcome(gate, rules, await tokenOf(gate, { header: { kid: `kid-${i}-${j}` } }));
    }
    assert.ok(fetches <= 4, `${fetches} fetches`);
  });

  test("that cannot be fetched refuse calls as what passes by itself, tell the app why, and leave the URL alone for a while", async (context) => {
    let fetches = 0;
    let answer: string | Error = new Error("connect ECONNREFUSED");
    const gate = createTestGate(async () => {
      fetches += 1;
      if (answer instanceof Error) throw answer;
      return answer;
    });
    const pass = passTime(context, gate);
    const rules = rulesFor(URL_OF_KEYS);
    const token = await tokenOf(gate, { ends: 50_000 });
    for (let i = 0; i < 20; i++) {
      const text = await outcome(gate, rules, token);
      assert.match(text, /^keys-unavailable: /);
      assert.ok(!text.includes("ECONNREFUSED"), "callers are not told what lies where");
    }
    assert.equal(fetches, 1);
    assert.deepEqual(gate.failures, [`app_1 ${URL_OF_KEYS}: connect ECONNREFUSED`]);
    for (const wrong of ["", "{", "[]", '{"keys":1}', '{"keys":[1]}', "<html>"]) {
      pass(6_000);
      answer = wrong;
      assert.match(await outcome(gate, rules, token), /^keys-unavailable: /, wrong);
    }
    pass(6_000);
    answer = JSON.stringify(keysOf("RS256"));
    assert.equal(await outcome(gate, rules, token), "granted");
  });

  test("that were fetched before stay in use for an hour if their server fails", async (context) => {
    let fails = false;
    const gate = createTestGate(async () => {
      if (fails) throw new Error("down");
      return JSON.stringify(keysOf("RS256"));
    });
    const pass = passTime(context, gate);
    const rules = rulesFor(URL_OF_KEYS);
    const token = await tokenOf(gate, { ends: 50_000 });
    assert.equal(await outcome(gate, rules, token), "granted");
    fails = true;
    pass(1_200_000);
    assert.equal(await outcome(gate, rules, token), "granted");
    pass(3_600_000);
    assert.match(await outcome(gate, rules, token), /^keys-unavailable/);
  });

  test("are an app's own: another app's calls neither use up its fetches nor give it keys", async () => {
    const asked: string[] = [];
    const gate = createTestGate(async (app) => {
      asked.push(app);
      return JSON.stringify(keysOf("RS256"));
    });
    assert.equal(await outcome(gate, rulesFor(URL_OF_KEYS, {}, "app_1"), await tokenOf(gate, { claims: { sub: "1" } })), "granted");
    assert.equal(await outcome(gate, rulesFor(URL_OF_KEYS, {}, "app_2"), await tokenOf(gate, { claims: { sub: "2" } })), "granted");
    assert.deepEqual(asked, ["app_1", "app_2"]);
  });

  test("are not fetched for what no key could make good", async () => {
    let fetches = 0;
    const gate = createTestGate(async () => {
      fetches += 1;
      return JSON.stringify(keysOf("RS256"));
    });
    const rules = rulesFor(URL_OF_KEYS);
    for (const token of ["a.b.c", await tokenOf(gate, { claims: { iss: "https://evil.test" } }), "x".repeat(20_000)])
      await outcome(gate, rules, token);
    assert.equal(fetches, 0);
  });
});

test("after many wrong tokens from an address only those of users are checked that were let in from there, and the keys of others are not fetched", async () => {
  let fetches = 0;
  const gate = createTestGate(async () => {
    fetches += 1;
    return JSON.stringify(keysOf("RS256"));
  });
  const rules = rulesFor(URL_OF_KEYS);
  assert.equal(await outcome(gate, rules, await tokenOf(gate)), "granted");
  const ended = await tokenOf(gate, { ends: -60 });
  for (let at = 0; at < 40; at++)
    assert.match(await outcome(gate, rules, ended), /^credentials-refused/, "an ended token is not a wrong one");
  const forged = await tokenOf(gate, { alg: "ES256", header: { kid: "kid-RS256" }, claims: { sub: "eve" } });
  const outcomes: string[] = [];
  for (let at = 0; at < 40; at++) outcomes.push((await outcome(gate, rules, forged)).split(":")[0]!);
  assert.deepEqual([outcomes[29], outcomes[30]], ["credentials-refused", "too-many-wrong-credentials"]);
  gate.clock.ms += 60;
  const other = rulesFor(URL_OF_KEYS, {}, "app_2");
  const before = fetches;
  const newcomer = await tokenOf(gate, { claims: { sub: "bob" } });
  assert.match(await outcome(gate, other, newcomer), /^too-many-wrong-credentials/);
  assert.equal(fetches, before, "nothing is fetched for what is not checked");
  assert.equal(await outcome(gate, rules, await tokenOf(gate, { ends: 290 })), "granted", "a new token of the same user");
  gate.clock.ms += 60_000;
  assert.equal(await outcome(gate, other, newcomer), "granted");
});
