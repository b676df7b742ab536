/** Apps are isolated from each other, each gets its own settings and secrets, and no two machines share their randomness. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Platform, createScope, drivers, startPlatform } from "./platform.ts";

interface Sight {
  machine: string;
  GREETING?: string;
  API_KEY?: string;
}

for (const driver of drivers) {
  describe(`isolation between ${driver} machines`, () => {
    const scope = createScope();
    let platform: Platform;
    before(async () => {
      platform = await startPlatform(scope, { driver });
      for (const name of ["probe", "other"]) await platform.client.setSecret(name, "API_KEY", `key of ${name}`);
      await platform.deploy("test/apps/probe", { concurrency: 1 });
      await platform.deploy("test/apps/probe", { name: "other", env: {} });
    });
    after(() => scope.close());

    const look = async (app: string) => (await (await platform.call(`/${app}/look`)).json()) as Sight;

    test("an app sees its own environment and secrets, and no other's", async () => {
      const [mine, theirs] = [await look("probe"), await look("other")];
      assert.deepEqual([mine.GREETING, mine.API_KEY], ["good day", "key of probe"]);
      assert.deepEqual([theirs.GREETING, theirs.API_KEY], [undefined, "key of other"]);
    });

    test("two apps never share a machine, and every machine has randomness of its own", async () => {
      const calls = ["probe", "other"].flatMap((app) =>
        Array.from({ length: 4 }, async () => ({ app, machine: (await look(app)).machine })),
      );
      const owners = new Map<string, Set<string>>();
      for (const { app, machine } of await Promise.all(calls)) owners.set(machine, (owners.get(machine) ?? new Set()).add(app));
      for (const [machine, apps] of owners) assert.equal(apps.size, 1, `${machine} served ${[...apps].join(" and ")}`);
      const bound = (await platform.client.machines()).filter(({ app }) => app !== null);
      assert.ok(owners.size >= new Set(bound.map(({ app }) => app)).size);
    });

    test("a secret that is not set is named in the app's log, not to its callers, and works once it is set", async () => {
      await platform.deploy("test/apps/probe", { name: "later" });
      const response = await platform.call("/later/look");
      assert.equal(response.status, 503);
      assert.doesNotMatch(await response.text(), /API_KEY/);
      await platform.logged("later", /API_KEY, which is not set/);
      await platform.client.setSecret("later", "API_KEY", "now");
      assert.equal((await look("later")).API_KEY, "now");
    });
  });
}
