import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { FakeClock } from "../../dispatch/testing/fake-clock.ts";
import { openSeal } from "../catalog/seal.ts";
import { firstOperator, openPrincipals } from "./open-principals.ts";
import type { NewPrincipal, Principals } from "./principal.ts";

const NOW = 1_800_000_000_000;
const ada: NewPrincipal = { name: "ada", role: "deployer", tenant: "ten_acme", apps: null };
let dir: string;
let clock: FakeClock;
let principals: Principals;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mayfly-principals-"));
  clock = new FakeClock();
  principals = open();
});
afterEach(() => {
  principals.close();
  rmSync(dir, { recursive: true });
});

function open(): Principals {
  return openPrincipals(join(dir, "principals.db"), {
    seal: openSeal(join(dir, "secrets.key"), true),
    operatorToken: "the-first-token-of-all",
    clock,
    onFailure: assert.ifError,
    most: 20,
  });
}

function reopen(): void {
  principals.close();
  principals = open();
}

test("a token is accepted, also after a restart, and belongs to its principal", () => {
  const { token, credential } = principals.createToken({ ...ada, apps: ["app_1", "app_2"] }, null, NOW);
  for (let start = 0; start < 2; start++) {
    const principal = principals.ofToken(token, NOW);
    assert.deepEqual(principal, { ...ada, apps: ["app_1", "app_2"], id: credential.principal.id });
    reopen();
  }
  assert.equal(principals.ofToken(`${token}x`, NOW), null);
  assert.equal(principals.ofToken("", NOW), null);
});

test("a key pair gives the secret that signatures are checked with, also after a restart", () => {
  const { credential, secret } = principals.createKey(ada, null, NOW);
  assert.match(credential.id, /^MFLY[A-Z2-7]{16}$/);
  assert.equal(secret.length, 40);
  for (let start = 0; start < 2; start++) {
    assert.partialDeepStrictEqual(principals.ofAccessKey(credential.id, NOW), { principal: credential.principal, secret });
    reopen();
  }
  assert.equal(principals.ofAccessKey("MFLYAAAAAAAAAAAAAAAA", NOW), null);
});

test("neither a token nor the secret of a key pair is on the disk as it is", () => {
  const { token } = principals.createToken(ada, null, NOW);
  const { secret } = principals.createKey(ada, null, NOW);
  principals.close();
  const files = readdirSync(dir).map((name) => readFileSync(join(dir, name)));
  for (const text of [token, token.slice("mayfly_".length), secret])
    for (const file of files) assert.ok(!file.includes(text), "the disk must not have it");
  principals = open();
});

test("the token of the first start is the operator's, and stands in no list", () => {
  assert.deepEqual(principals.ofToken("the-first-token-of-all", NOW), firstOperator);
  assert.deepEqual(principals.list("token", undefined), []);
});

test("a credential is refused from its expiry on", () => {
  const { token } = principals.createToken(ada, NOW + 1_000, NOW);
  const { credential } = principals.createKey(ada, NOW + 1_000, NOW);
  assert.ok(principals.ofToken(token, NOW + 999));
  assert.ok(principals.ofAccessKey(credential.id, NOW + 999));
  assert.equal(principals.ofToken(token, NOW + 1_000), null);
  assert.equal(principals.ofAccessKey(credential.id, NOW + 1_000), null);
});

test("a revoked credential is refused at once and after a restart, and the principal's others are not", () => {
  const first = principals.createToken(ada, null, NOW);
  const second = principals.createToken(ada, null, NOW);
  const key = principals.createKey(ada, null, NOW);
  assert.equal(principals.revoke("token", first.credential.id), true);
  assert.equal(principals.revoke("key", key.credential.id), true);
  assert.equal(principals.revoke("token", first.credential.id), false, "it is gone already");
  assert.equal(principals.revoke("key", second.credential.id), false, "a token is no key");
  for (let start = 0; start < 2; start++) {
    assert.equal(principals.ofToken(first.token, NOW), null);
    assert.equal(principals.ofAccessKey(key.credential.id, NOW), null);
    assert.ok(principals.ofToken(second.token, NOW));
    reopen();
  }
});

test("a name stands for one role and one set of apps as long as a credential has it", () => {
  const { credential } = principals.createToken(ada, null, NOW);
  assert.throws(() => principals.createToken({ ...ada, role: "reader" }, null, NOW), { code: "principal-differs" });
  assert.throws(() => principals.createKey({ ...ada, apps: ["app_1"] }, null, NOW), { code: "principal-differs" });
  principals.createToken({ ...ada, tenant: "ten_other", role: "reader" }, null, NOW);
  principals.revoke("token", credential.id);
  assert.equal(principals.createToken({ ...ada, role: "reader" }, null, NOW).credential.principal.role, "reader");
});

test("the list has what there is of a tenant, without anything secret, and when each was last used", async () => {
  const { token, credential } = principals.createToken(ada, NOW + 5, NOW);
  principals.createToken({ ...ada, tenant: "ten_other" }, null, NOW);
  principals.createToken({ name: "root", role: "operator", tenant: null, apps: null }, null, NOW);
  assert.deepEqual(principals.list("token", "ten_acme"), [{ ...credential, lastUsedAt: null }]);
  principals.ofToken(token, NOW + 1);
  assert.equal(principals.list("token", "ten_acme")[0]?.lastUsedAt, NOW + 1);
  assert.deepEqual([principals.list("token", null).length, principals.list("token", undefined).length], [1, 3]);
  const key = principals.createKey(ada, null, NOW);
  const lastUsed = () => principals.list("key", "ten_acme")[0]?.lastUsedAt;
  const found = principals.ofAccessKey(key.credential.id, NOW + 2);
  assert.equal(lastUsed(), null, "who names a key pair has not shown to have its secret");
  found?.used(NOW + 3);
  await clock.advance(60_000);
  reopen();
  assert.deepEqual([principals.list("token", "ten_acme")[0]?.lastUsedAt, lastUsed()], [NOW + 1, NOW + 3]);
});

test("what is removed of a tenant is all of it, and nothing of another", () => {
  const { token } = principals.createToken(ada, null, NOW);
  const key = principals.createKey({ ...ada, name: "bob" }, null, NOW);
  const { token: others } = principals.createToken({ ...ada, tenant: "ten_other" }, null, NOW);
  principals.removeTenant("ten_acme");
  for (let start = 0; start < 2; start++) {
    assert.equal(principals.ofToken(token, NOW), null);
    assert.equal(principals.ofAccessKey(key.credential.id, NOW), null);
    assert.ok(principals.ofToken(others, NOW));
    reopen();
  }
});

test("a tenant cannot fill the server with credentials, and keeps nobody else from having some", () => {
  for (let made = 0; made < 20; made++) principals.createToken({ ...ada, name: `p${made % 7}` }, null, NOW);
  assert.throws(() => principals.createToken(ada, null, NOW), { code: "too-many-credentials" });
  assert.throws(() => principals.createKey(ada, null, NOW), { code: "too-many-credentials" });
  principals.createToken({ ...ada, tenant: "ten_other" }, null, NOW);
});
