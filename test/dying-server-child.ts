/**
 * A server that kills itself with SIGKILL in the middle of what it stores: see dying-server.ts. It counts its changes of databases and of files below its state folder.
 * `die <point>` on its standard input begins the count anew; the point 1 is before the first change, 2 after it, 3 before the second one, and so on. `count` prints how many
 * changes there were since then.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync, StatementSync } from "node:sqlite";

const stateDir = process.argv[2] as string;
let [changes, point] = [0, 0];

/** Replaces a method by one that counts, if the call is a change. */
function counting(holder: object, name: string, isChange: (argument: unknown) => boolean): void {
  const methods = holder as Record<string, (...args: unknown[]) => unknown>;
  const own = methods[name]!;
  methods[name] = function (this: unknown, ...args: unknown[]): unknown {
    if (!isChange(args[0])) return own.apply(this, args);
    changes += 1;
    dieAt(2 * changes - 1);
    const result = own.apply(this, args);
    dieAt(2 * changes);
    return result;
  };
}

function dieAt(here: number): void {
  if (here === point) process.kill(process.pid, "SIGKILL");
}

const isOfState = (path: unknown) => typeof path === "string" && path.startsWith(stateDir);
counting(StatementSync.prototype, "run", () => true);
counting(DatabaseSync.prototype, "exec", (sql) => /COMMIT/i.test(String(sql)));
for (const name of ["rmSync", "unlinkSync", "renameSync"]) counting(fs, name, isOfState);
for (const name of ["rm", "unlink", "rename"]) counting(fs.promises, name, isOfState);
syncBuiltinESMExports();

// Only now, so that the server's modules get the functions that count.
const { startMayfly } = await import("../src/main.ts");
const { loadConfig } = await import("../src/base/config/load.ts");
const flags = { stateDir, listen: "127.0.0.1:0", api: "127.0.0.1:0", driver: "process", blanks: 0, logLevel: "silent" };
const { gatewayUrl, apiUrl, token } = await startMayfly(loadConfig({ flags }));
process.stdin.on("data", (chunk: Buffer) => {
  const told = chunk.toString().trim();
  if (told === "count") {
    process.stdout.write(`${changes}\n`);
  } else {
    [changes, point] = [0, Number(told.split(" ")[1])];
    process.stdout.write("armed\n");
  }
});
process.stdout.write(`${JSON.stringify({ gatewayUrl, apiUrl, token })}\n`);
