import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { MayflyError } from "../errors/error.ts";
import { misspeltVariables } from "./environment.ts";
import { defaultCacheDir, defaultRunDir, defaultStateDir } from "./folders.ts";
import { cacheFolder, loadConfig } from "./load.ts";

function refusal(flags: Record<string, unknown>, env: Record<string, string> = {}): string {
  try {
    loadConfig({ flags, env });
  } catch (error) {
    assert.ok(error instanceof MayflyError);
    assert.equal(error.code, "bad-config");
    return error.message;
  }
  throw new Error("accepted");
}

function inFile(text: string, body: (file: string) => void): void {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-config-"));
  try {
    writeFileSync(join(dir, "config.json"), text);
    body(join(dir, "config.json"));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

test("a collector's address is one that requests can be sent to, and holds no password", () => {
  const given = (url: string) => ({ telemetry: { otlp: { url } } });
  for (const url of ["http://[", "http://:4318", "ftp://c", "http://c?x=1"])
    assert.match(refusal(given(url)), /^The setting telemetry\.otlp\.url .* must be an address with http/, url);
  assert.match(
    refusal(given("https://user:password@collector/otlp")),
    /must be without a user and a password: .* telemetry\.otlp\.headers/,
  );
  assert.equal(loadConfig({ flags: given("http://c:4318/a@b") }).telemetry.otlp.url, "http://c:4318/a@b");
});

test("flags win over the environment, the environment over the file, the file over defaults", () => {
  inFile(JSON.stringify({ blanks: 1, idleMs: 1, graceMs: 1 }), (file) => {
    const config = loadConfig({ flags: { blanks: 3 }, env: { MAYFLY_BLANKS: "2", MAYFLY_IDLE_MS: "2" }, file });
    assert.deepEqual([config.blanks, config.idleMs, config.graceMs, config.maxMachines], [3, 2, 1, 64]);
  });
});

test("a flag that was not given leaves the setting to the other sources", () => {
  assert.equal(loadConfig({ flags: { blanks: undefined }, env: { MAYFLY_BLANKS: "7" } }).blanks, 7);
});

test("environment values get the type of their setting, nested ones too", () => {
  const config = loadConfig({
    env: { MAYFLY_TIMING_HEADERS: "false", MAYFLY_TLS_CERT: "/c.pem", MAYFLY_TLS_KEY: "/k.pem", MAYFLY_DOMAIN: "1e3" },
  });
  assert.equal(config.timingHeaders, false);
  assert.deepEqual(config.tls, { cert: "/c.pem", key: "/k.pem" });
  assert.equal(config.domain, "1e3");
});

test("prices may be set one by one, and the rest keep their defaults", () => {
  const { prices } = loadConfig({ env: { MAYFLY_PRICES_VCPU_SECOND: "2e-5", MAYFLY_PRICES_CURRENCY: "EUR" } });
  assert.deepEqual([prices.vcpuSecond, prices.currency, prices.request], [0.00002, "EUR", 0]);
  assert.equal(loadConfig({ env: { MAYFLY_WAIT_WORTH: "0.5" } }).waitWorth, 0.5);
  assert.equal(refusal({}, { MAYFLY_PRICES_REQUEST: "-1" }), "The setting prices.request is -1, but must be at least 0.");
});

test("variables that are not settings are ignored", () => {
  assert.equal(loadConfig({ env: { MAYFLY_SERVICE_HOST: "10.0.0.1" } }).blanks, 1);
});

test("a bad value names the key, the value and what is allowed", () => {
  assert.equal(refusal({ driver: "docker" }), 'The setting driver is "docker", but must be one of "auto", "qemu", "gvisor", "process".');
  assert.equal(refusal({ blanks: -1 }), "The setting blanks is -1, but must be at least 0.");
  assert.equal(refusal({}, { MAYFLY_BLANKS: "many" }), 'The setting blanks is "many", but must be a number.');
  assert.equal(refusal({ listen: "8080" }), 'The setting listen is "8080", but must be host:port.');
  assert.equal(refusal({ listen: "localhost:99999" }), 'The setting listen is "localhost:99999", but must have a port of 0 to 65535.');
  assert.equal(refusal({}, { MAYFLY_TLS_CERT: "c.pem" }), "The setting tls.key is missing.");
  assert.equal(refusal({ stateDir: "" }), 'The setting stateDir is "", but must not be empty.');
});

test("a list is given as JSON or as text with commas, and a bad entry of it is refused", () => {
  const env = { MAYFLY_TRUSTED_PROXIES: "10.0.0.0/8, ::1", MAYFLY_HOSTS: "www.shop.example=shop,*.pages.example=*" };
  const config = loadConfig({ flags: {}, env });
  assert.deepEqual(
    [config.trustedProxies, config.hosts],
    [
      ["10.0.0.0/8", "::1"],
      ["www.shop.example=shop", "*.pages.example=*"],
    ],
  );
  assert.deepEqual(loadConfig({ flags: { hosts: ["a.example=a"] }, env: {} }).hosts, ["a.example=a"]);
  assert.match(
    refusal({}, { MAYFLY_TRUSTED_PROXIES: "10.0.0.0/8,proxy" }),
    /^The setting trustedProxies\.1 is "proxy", but must be an address or a range such as/,
  );
  for (const entry of [
    "www.shop.example",
    "127.0.0.1=shop",
    "2130706433=shop",
    "[::1]=shop",
    "*=shop",
    "a.example=",
    "a b=shop",
    "a.example=a.shop",
  ]) {
    assert.match(refusal({ hosts: [entry] }), /^The setting hosts.* must be host=app/, entry);
  }
  assert.match(refusal({ domain: "127.0.0.1" }), /must be a domain name/);
});

test("an entry of hosts that can never have an effect is refused with the reason", () => {
  const useless = (entry: string, more: object = {}) => refusal({ hosts: ["www.shop.example=shop", entry], ...more });
  for (const entry of ["localhost=shop", "LOCALHOST.=shop", "*.localhost=*", "shop.localhost=shop"]) {
    assert.match(useless(entry), /^The setting hosts\.1 is ".*", which can have no effect: localhost and all names below/, entry);
  }
  assert.match(useless("faas.example=shop", { listen: "faas.example:80" }), /the host that the gateway listens on/);
  assert.match(useless("shop.fn.example=shop", { domain: "fn.example" }), /each app has <app>\.fn\.example without an entry/);
  assert.match(useless("*.fn.example=*", { domain: "fn.example" }), /no effect/);
  assert.match(useless("www.example=@main/shop"), /apps of the tenant main are named without it/);
  const used = {
    hosts: ["www.example=@acme/shop", "www.example=@acme/*", "*.faas.example=shop", "*.example=shop"],
    listen: "faas.example:80",
    domain: "fn.example",
  };
  assert.equal(loadConfig({ flags: used, env: {} }).hosts.length, 4);
});

test("an unknown setting in the file is refused with the list of those that exist", () => {
  inFile('{"blank": 1}', (file) => {
    assert.throws(
      () => loadConfig({ env: {}, file }),
      /The setting blank is not a known key \(did you mean blanks\?\); there are listen, api,/,
    );
  });
});

test("a file that is missing, no JSON or no object is refused by name", () => {
  assert.throws(() => loadConfig({ env: {}, file: "/nowhere/mayfly.json" }), /mayfly\.json, and there is no such file/);
  inFile("[]", (file) => assert.throws(() => loadConfig({ env: {}, file }), /must hold a JSON object/));
});

test("root keeps state under /var, others under their XDG folders", () => {
  assert.equal(defaultStateDir({}, true), "/var/lib/mayfly");
  assert.equal(defaultCacheDir({}, true), "/var/cache/mayfly");
  assert.equal(defaultStateDir({ HOME: "/home/u" }, false), "/home/u/.local/state/mayfly");
  assert.equal(defaultCacheDir({ HOME: "/home/u" }, false), "/home/u/.cache/mayfly");
  assert.equal(defaultStateDir({ XDG_STATE_HOME: "/s" }, false), "/s/mayfly");
  assert.equal(defaultCacheDir({ XDG_CACHE_HOME: "/c" }, false), "/c/mayfly");
});

test("lists come from the file as arrays and from the environment with commas; each entry is checked", () => {
  const load = (text: string) => loadConfig({ env: { HOME: "/home/u", MAYFLY_EGRESS_ALLOW: text } }).egress.allow;
  assert.deepEqual(load("10.1.0.0/16:5432, db.internal:*"), ["10.1.0.0/16:5432", "db.internal:*"]);
  assert.deepEqual(loadConfig({ env: { HOME: "/home/u" } }).egress.allow, []);
  assert.throws(() => load("10.1.0.0/16"), /egress\.allow\.0 is "10\.1\.0\.0\/16", but entries look like/);
  assert.throws(() => load("db:1,169.254.169.254:80"), /egress\.allow\.1 .* credentials, which no app may reach/);
});

test("the run folder is apart from the state folder, one for each state folder, where the host has a place for such", () => {
  const of = (env: Record<string, string>, root: boolean, stateDir = "/s") => defaultRunDir(env, stateDir, root);
  assert.match(of({}, true), /^\/run\/mayfly\/[0-9a-f]{12}$/);
  assert.notEqual(of({}, true, "/a"), of({}, true, "/b"));
  assert.match(of({ XDG_RUNTIME_DIR: "/run/user/5" }, false), /^\/run\/user\/5\/mayfly\/[0-9a-f]{12}$/);
  assert.equal(of({}, false), "/s/run");
  assert.equal(loadConfig({ env: { HOME: "/h", MAYFLY_RUN_DIR: "/r" } }).runDir, "/r");
});

test("a state folder that is no text is refused by its name", () => {
  assert.throws(() => loadConfig({ env: { HOME: "/h" }, flags: { stateDir: 5 } }), /stateDir is 5, but/);
});

test("an empty variable is refused by its name, for every one of ours, and not taken for one that is not set", () => {
  for (const name of ["MAYFLY_STATE_DIR", "MAYFLY_API", "MAYFLY_TLS_CERT", "MAYFLY_CONFIG", "MAYFLY_BLANKS", "MAYFLY_TOKEN"])
    for (const empty of ["", " "])
      assert.throws(() => loadConfig({ env: { [name]: empty } }), {
        code: "bad-config",
        message: `The setting ${name} is empty: give it a value, or unset the variable.`,
      });
});

test("the cache folder is found by commands whose environment has the address of a server", () => {
  const env = { MAYFLY_API: "https://mayfly.example:7070", HOME: "/home/ada", MAYFLY_CACHE_DIR: "/data/cache" };
  assert.equal(cacheFolder({ env }), "/data/cache");
  assert.equal(cacheFolder({ env: { MAYFLY_API: env.MAYFLY_API, MAYFLY_CACHE_DIR: "" } }), cacheFolder({ env: {} }));
});

test("a variable that is written nearly like a setting's is told, and others are not", () => {
  const env = {
    MAYFLY_LSTEN: "127.0.0.1:1",
    MAYFLY_MAX_MEMORY: "1",
    MAYFLY_LISTEN: "127.0.0.1:2",
    MAYFLY_TOKEN: "t",
    MAYFLY_TENANT: "acme",
    MAYFLY_SERVICE_HOST: "10.0.0.1",
    MAYFLY_PORT_8080_TCP: "tcp://10.0.0.1:8080",
    PATH: "/bin",
  };
  assert.deepEqual(misspeltVariables(env), [
    { name: "MAYFLY_LSTEN", meant: "MAYFLY_LISTEN" },
    { name: "MAYFLY_MAX_MEMORY", meant: "MAYFLY_MAX_MEMORY_MB" },
  ]);
});
