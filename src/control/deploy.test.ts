import assert from "node:assert/strict";
import { test } from "node:test";
import { manifestSchema } from "../store/catalog/manifest.ts";
import { deploy, type DeployParts } from "./deploy.ts";

const manifest = manifestSchema.parse({ name: "shop", functions: { main: { entry: "a.ts" } }, secrets: ["KEY", "UNSET"] });
const bundles = [{ function: "main", format: "cjs" as const, code: Buffer.from("1") }];

test("a secret that is set while the code is written keeps the revision from becoming live if it is too large", async () => {
  let secret = "small";
  const served: number[] = [];
  const parts = {
    catalog: {
      names: { known: () => "app", holder: () => undefined },
      secretNames: () => ["KEY"],
      secrets: () => ({ KEY: secret }),
      async deploy(...[, , , take]: Parameters<DeployParts["catalog"]["deploy"]>) {
        secret = "x".repeat(200_000);
        const revision = { id: "rev", app: "app", tenant: "main", number: 1, digest: "", manifest, createdAt: 0 };
        take!([{ revision, weight: 1 }]);
      },
    },
    serving: { prove: async () => {}, check: () => {}, prepare: async () => {}, pointed: () => served.push(1), restored: () => {} },
  } as unknown as DeployParts;
  await assert.rejects(deploy(parts, "main", manifest, bundles), {
    code: "bad-request",
    message: /revision 1 of shop cannot become live: env, secrets and functions together take 2\d+ bytes/,
  });
  assert.deepEqual(served, []);
});

test("secrets are decrypted once before the code is stored, when machines are prepared: one that was set meanwhile counts", async () => {
  const steps: string[] = [];
  let secret = "small";
  const parts = {
    catalog: {
      names: { known: () => "app", holder: () => undefined },
      secretNames: () => ["KEY"],
      secrets(_app: string, names: string[]) {
        steps.push(`decrypt ${names.join()}`);
        return { KEY: secret };
      },
      deploy: () => Promise.reject(new Error("stored")),
    },
    serving: { prove: async () => {}, check: () => {}, prepare: async () => void steps.push("prepare"), restored: () => {} },
  } as unknown as DeployParts;
  await assert.rejects(deploy(parts, "main", manifest, bundles), /stored/);
  assert.deepEqual(steps, ["prepare", "decrypt KEY"]);
  secret = "x".repeat(200_000);
  await assert.rejects(deploy(parts, "main", manifest, bundles), { code: "bad-manifest", message: /together take 2\d+ bytes/ });
});
