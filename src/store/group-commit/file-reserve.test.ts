import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { afterwards } from "../../base/testing/afterwards.ts";

test("a reserve that cannot be made whole keeps what it has", (t) => {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-reserve-"));
  afterwards(t, () => rmSync(dir, { recursive: true }));
  const database = join(dir, "rows.db");
  writeFileSync(`${database}-reserve`, new Uint8Array(400_000));
  const module = new URL("file-reserve.ts", import.meta.url).href;
  const script = `const { FileReserve } = await import(${JSON.stringify(module)});
    const reserve = new FileReserve(${JSON.stringify(database)});
    reserve.restore();
    console.log(reserve.bytes);`;
  // No file of this process gets larger than 1,024 blocks of 512 bytes.
  const limited = ["-c", 'ulimit -f 1024 && exec "$0" --input-type=module -e "$1"', process.execPath, script];
  assert.equal(execFileSync("sh", limited, { encoding: "utf8" }), "400000\n");
  assert.equal(statSync(`${database}-reserve`).size, 400_000);
});
