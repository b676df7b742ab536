/**
 * Emulated OSv machines of Python and Java in everything but OSv itself: on OSv's board, started by the words of OSv's command line, from a template. What of
 * the agents is particular to OSv is tested beside them.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";

import { systemClock } from "../../base/clock/clock.ts";
import { loadConfig } from "../../base/config/load.ts";
import { usualChoice } from "../../base/kind/machine-kind.ts";
import { bindLook, type Looked, type LookingRuntime } from "../../images/osv/testing/look.ts";
import { requestWhole } from "../../wire/request-whole.ts";
import { inTime, openSession } from "../conformance/session.ts";
import type { Driver } from "../driver.ts";
import { createDriverWithHost } from "./testing/own-host.ts";
import { imageAsOsv, linuxAsOsv as guest, toldByOsv } from "./testing/linux-as-osv.ts";

const { cacheDir } = loadConfig({});
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-pc-runtimes-"));
const runDir = path.join(folder, "run");
after(() => fs.rmSync(folder, { recursive: true }));

const CLONES = 3;

async function lookInside(driver: Driver, runtime: LookingRuntime, n: number): Promise<Looked> {
  const machine = await driver.start({ id: `pc-${runtime}-${process.pid}-${n}`, ...usualChoice, runtime });
  const { host, ready } = await openSession(machine);
  assert.equal(ready.kernel, "osv");
  await inTime("Bound", bindLook(host, runtime, `machine ${n}`));
  const sent = Date.now();
  const looked = JSON.parse((await inTime("the reply", requestWhole(host, "app", "look", null))).toString()) as Looked;
  await machine.kill();
  const off = Math.max(sent - looked.now, looked.now - Date.now(), 0);
  assert.ok(off <= 1_000, `${off} ms off`);
  return looked;
}

for (const runtime of ["python", "java"] as const)
  test(`clones of a template of ${runtime} serve from OSv's board, have the host's time, and no random number in common`, async () => {
    const image = await imageAsOsv(cacheDir, folder, { runtime, tell: toldByOsv(runtime) });
    const driver = createDriverWithHost({ guest, runtime, image: async () => image, cacheDir, runDir, clock: systemClock });
    try {
      const looks = [];
      for (let n = 0; n < CLONES; n++) looks.push(await lookInside(driver, runtime, n));
      assert.deepEqual(
        looks.map(({ words, folder: where }) => [words, where]),
        looks.map((_, n) => [`machine ${n}`, "/tmp/task"]),
      );
      for (const source of Object.keys(looks[0]!.drawn))
        assert.equal(new Set(looks.map(({ drawn }) => drawn[source])).size, CLONES, source);
    } finally {
      await driver.close();
    }
  });
