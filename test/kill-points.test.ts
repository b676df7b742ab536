/**
 * kill -9 of a server in the middle of what is done to traffic, credentials and functions: afterwards it is as before or as it was to be, calls go where the API says, and what was
 * confirmed stays.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
  ListAliasesCommand,
  ListFunctionsCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
} from "@aws-sdk/client-lambda";
import { afterwards } from "../src/base/testing/afterwards.ts";
import { Random, seedOf } from "../src/base/testing/random.ts";
import { type Client, createClient } from "../src/doors/admin/client.ts";
import { manifestSchema } from "../src/store/catalog/manifest.ts";
import { clientOf, type DyingServer, end, serveDying } from "./dying-server.ts";
import { zip } from "./lambda/zip.ts";
import { eventually, temporaryFolder } from "./platform.ts";

/** How many of the changes a server is killed in: each of them takes another start of a server. */
const KILLED = 7;
const seed = seedOf();

/** What a change may change, as the APIs tell it. */
interface Seen {
  /** The numbers of revisions with their weights, by alias. */
  live: string;
  stable: string;
  /** The number of the latest canary, and what became of it. */
  canary: string;
  /** The names of their principals. */
  tokens: string;
  keys: string;
  /** Whether a URL that was signed at the beginning is let in. */
  isSignedGood: boolean;
  /** By Lambda's API: the functions with their state, and of one the versions and where its alias points. */
  functions: string;
  versions: string;
  alias: string;
  /** What that function returns. */
  returns: string;
}

interface Made {
  token: string;
  revokedToken: string;
  revokedKey: { id: string; secret: string };
  key: { id: string; secret: string };
  signedUrl: string;
}

const NAME = "shop";
const code = (text: string) => Buffer.from(`exports.handler = async () => ${JSON.stringify(text)};`);
const zipped = (text: string) => zip([{ name: "index.js", content: code(text) }]);

async function deploy(client: Client, text: string, query: Parameters<Client["deploy"]>[2] = {}): Promise<void> {
  const functions = { web: { entry: "a.js" }, paid: { entry: "b.js", access: "signed-url" } };
  const manifest = manifestSchema.parse({ name: NAME, functions, env: { TEXT: text } });
  await client.deploy(
    manifest,
    ["web", "paid"].map((name) => ({ function: name, format: "cjs", code: code(text) })),
    query,
  );
}

function lambdaOf({ apiUrl }: DyingServer, { id, secret }: { id: string; secret: string }): LambdaClient {
  return new LambdaClient({
    endpoint: apiUrl,
    region: "us-east-1",
    credentials: { accessKeyId: id, secretAccessKey: secret },
    maxAttempts: 1,
  });
}

async function prepare(server: DyingServer): Promise<Made> {
  const client = clientOf(server);
  await deploy(client, "1");
  await deploy(client, "2");
  await client.point(NAME, "stable", [{ revision: 1 }]);
  const { token } = await client.createToken({ principal: "kept", role: "reader" });
  const { token: revokedToken } = await client.createToken({ principal: "lost", role: "reader" });
  const key = await client.createKey({ principal: "kept-key", role: "deployer" });
  const revokedKey = await client.createKey({ principal: "lost-key", role: "reader" });
  const { path } = await client.signUrl(NAME, { function: "paid", method: "GET", path: "/", expiresInS: 3_600 });
  return { token, revokedToken, key, revokedKey, signedUrl: path };
}

interface Step {
  what: string;
  act: (client: Client, lambda: LambdaClient) => Promise<unknown>;
  becomes: Partial<Seen>;
}

const FunctionName = "fn";
const steps: Step[] = [
  { what: "a canary begins", act: (client) => deploy(client, "3", { canary: 50 }), becomes: { live: "2:0.5 3:0.5", canary: "3 running" } },
  { what: "it is promoted", act: (client) => client.promote(NAME), becomes: { live: "3:1", canary: "3 promoted" } },
  { what: "calls go back", act: (client) => client.rollback(NAME), becomes: { live: "2:1" } },
  {
    what: "another canary begins",
    act: (client) => deploy(client, "4", { canary: 10 }),
    becomes: { live: "2:0.9 4:0.1", canary: "4 running" },
  },
  { what: "it is rolled back", act: (client) => client.rollback(NAME), becomes: { live: "2:1", canary: "4 rolled-back" } },
  {
    what: "an alias is pointed",
    act: (client) => client.point(NAME, "stable", [{ revision: 2 }, { revision: 3, weight: 3 }]),
    becomes: { stable: "2:0.25 3:0.75" },
  },
  { what: "it is removed", act: (client) => client.removeAlias(NAME, "stable"), becomes: { stable: "" } },
  {
    what: "a token is made",
    act: (client) => client.createToken({ principal: "new", role: "reader" }),
    becomes: { tokens: "kept lost new" },
  },
  {
    what: "a token is revoked",
    act: async (client) => client.revokeToken(await idOf(client, "tokens", "lost")),
    becomes: { tokens: "kept new" },
  },
  {
    what: "a key is made",
    act: (client) => client.createKey({ principal: "new-key", role: "reader" }),
    becomes: { keys: "kept-key lost-key new-key" },
  },
  {
    what: "a key is revoked",
    act: async (client) => client.revokeKey(await idOf(client, "keys", "lost-key")),
    becomes: { keys: "kept-key new-key" },
  },
  { what: "signed URLs are taken back", act: (client) => client.rotateSigningKey(NAME), becomes: { isSignedGood: false } },
  {
    what: "a function is made",
    act: (_client, lambda) =>
      lambda.send(
        new CreateFunctionCommand({
          FunctionName,
          Runtime: "nodejs24.x",
          Handler: "index.handler",
          Role: "arn:aws:iam::000000000000:role/any",
          Code: { ZipFile: zipped("first") },
        }),
      ),
    becomes: { functions: `${FunctionName} Active Successful`, versions: "$LATEST", returns: '"first"' },
  },
  {
    what: "a version is published",
    act: (_client, lambda) => lambda.send(new PublishVersionCommand({ FunctionName })),
    becomes: { versions: "$LATEST 1" },
  },
  {
    what: "an alias is made",
    act: (_client, lambda) => lambda.send(new CreateAliasCommand({ FunctionName, Name: "prod", FunctionVersion: "1" })),
    becomes: { alias: "prod 1" },
  },
  {
    what: "its code is changed",
    act: (_client, lambda) => lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: zipped("second") })),
    becomes: { returns: '"second"' },
  },
  {
    what: "a second version is published",
    act: (_client, lambda) => lambda.send(new PublishVersionCommand({ FunctionName })),
    becomes: { versions: "$LATEST 1 2" },
  },
  {
    what: "the alias is moved",
    act: (_client, lambda) => lambda.send(new UpdateAliasCommand({ FunctionName, Name: "prod", FunctionVersion: "2" })),
    becomes: { alias: "prod 2" },
  },
  {
    what: "the function is removed",
    act: (_client, lambda) => lambda.send(new DeleteFunctionCommand({ FunctionName })),
    becomes: { functions: "", versions: "", alias: "", returns: "" },
  },
];

async function idOf(client: Client, kind: "tokens" | "keys", principal: string): Promise<string> {
  return (await client[kind]()).find((one) => one.principal === principal)!.id;
}

async function see(server: DyingServer, { key, signedUrl }: Made): Promise<Seen> {
  const client = clientOf(server);
  const lambda = lambdaOf(server, key);
  try {
    const { aliases, revisions } = await client.app(NAME);
    const targetsOf = (name: string) =>
      (aliases.find((alias) => alias.name === name)?.targets ?? [])
        .toSorted((a, b) => a.number - b.number)
        .map(({ number, weight }, _at, all) => `${number}:${weight / all.reduce((sum, each) => sum + each.weight, 0)}`)
        .join(" ");
    const [canary] = revisions.filter((revision) => revision.canary !== undefined).toSorted((a, b) => b.number - a.number);
    const names = (all: { principal: string }[]) =>
      all
        .map(({ principal }) => principal)
        .toSorted()
        .join(" ");
    const all = (await lambda.send(new ListFunctionsCommand({}))).Functions!.filter((one) => one.FunctionName === FunctionName);
    const has = all.length > 0;
    const state = has ? await lambda.send(new GetFunctionConfigurationCommand({ FunctionName })) : undefined;
    const versions = has ? (await lambda.send(new ListVersionsByFunctionCommand({ FunctionName }))).Versions! : [];
    const pointed = has ? (await lambda.send(new ListAliasesCommand({ FunctionName }))).Aliases! : [];
    const isThere = (await client.apps()).some(({ app }) => app === FunctionName);
    const payload = has && isThere ? (await lambda.send(new InvokeCommand({ FunctionName }))).Payload! : Buffer.alloc(0);
    return {
      live: targetsOf("live"),
      stable: targetsOf("stable"),
      canary: canary === undefined ? "" : `${canary.number} ${canary.canary!.state}`,
      tokens: names(await client.tokens()),
      keys: names(await client.keys()),
      isSignedGood: (await fetch(server.gatewayUrl + signedUrl)).status === 200,
      functions: has ? `${FunctionName} ${state?.State} ${state?.LastUpdateStatus}` : isThere ? "an app without a function" : "",
      versions: versions.map(({ Version }) => Version).join(" "),
      alias: pointed.map(({ Name, FunctionVersion }) => `${Name} ${FunctionVersion}`).join(" "),
      returns: Buffer.from(payload).toString(),
    };
  } finally {
    lambda.destroy();
  }
}

/** What holds whatever was done last. */
async function check(server: DyingServer, made: Made, { live, tokens, keys }: Seen, at: string): Promise<void> {
  const allowed = new Set(live.split(" ").map((target) => target.split(":")[0]));
  for (let call = 0; call < 5; call += 1) {
    const response = await fetch(`${server.gatewayUrl}/${NAME}/web`);
    assert.equal(response.status, 200, at);
    assert.ok(allowed.has(await response.text()), `${at}: live is ${live}`);
  }
  const known = async (token: string) =>
    createClient({ url: server.apiUrl, token })
      .principal()
      .then(
        ({ principal }) => principal,
        ({ code: why }) => why,
      );
  assert.equal(await known(made.token), "kept", at);
  assert.equal(await known(made.revokedToken), tokens.includes("lost") ? "lost" : "unauthorized", at);
  const lambda = lambdaOf(server, made.revokedKey);
  const signed = await lambda.send(new ListFunctionsCommand({})).then(
    () => "known",
    ({ name }: Error) => name,
  );
  lambda.destroy();
  assert.equal(signed, keys.includes("lost-key") ? "known" : "UnrecognizedClientException", at);
}

test(`a kill in the middle of any change leaves what was before or what was to be (seed ${seed})`, async (context) => {
  const random = new Random(seed);
  const stateDir = join(temporaryFolder(context), "state");
  let server = await serveDying(context, stateDir);
  afterwards(context, () => end(server));
  const made = await prepare(server);
  let before = await see(server, made);
  const killed = new Set<string>();
  while (killed.size < KILLED) killed.add(random.pick(steps).what);
  const fates = { before: 0, after: 0, confirmed: 0 };
  for (const { what, act, becomes } of steps) {
    const wanted = { ...before, ...becomes };
    if (killed.has(what)) {
      // Each change has a first point; a later one may come only after it was confirmed.
      const point = fates.before + fates.after === 0 ? 2 : 1 + random.below(12);
      const at = `${what}, killed at point ${point}`;
      await server.tell(`die ${point}`);
      const lambda = lambdaOf(server, made.key);
      const exit = once(server.child, "exit");
      const isConfirmed = await act(clientOf(server), lambda).then(
        () => true,
        () => false,
      );
      lambda.destroy();
      // What was confirmed may be killed at once.
      server.child.kill("SIGKILL");
      await exit;
      server = await serveDying(context, stateDir);
      // What a server had begun is gone on with by the next one.
      const seen = await eventually(
        at,
        () => see(server, made),
        (now) => isSame(now, wanted) || (!isConfirmed && isSame(now, before)),
      );
      await check(server, made, seen, at);
      fates[isConfirmed ? "confirmed" : isSame(seen, wanted) ? "after" : "before"] += 1;
    }
    if (!isSame(await see(server, made), wanted)) {
      const lambda = lambdaOf(server, made.key);
      await act(clientOf(server), lambda);
      lambda.destroy();
    }
    before = await eventually(
      what,
      () => see(server, made),
      (now) => isSame(now, wanted),
    );
  }
  context.diagnostic(JSON.stringify(fates));
  assert.ok(fates.before + fates.after > 0, "no server died within a change");
});

function isSame(one: Seen, other: Seen): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
