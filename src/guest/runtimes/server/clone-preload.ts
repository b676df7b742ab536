/**
 * What a Node program of a machine that becomes a template loads before its own code, in each of its threads and processes: there it waits for a clone's start, and
 * then gives all that Node itself draws random numbers from bytes of that clone. It is a text, because another Node runs it, which may be of another version.
 */

/** @param address of the socket on which the agent tells of the clone, and is told that this is done */
export function preloadSource(address: string): string {
  return `"use strict";
(() => {
  const fs = require("node:fs");
  // The program may replace them.
  const { randomUUID, randomInt } = require("node:crypto");
  const addToOpenssl = randAdd();
  const random = new Int32Array(4);
  const draw = (bytes) => {
    const device = fs.openSync("/dev/urandom", "r");
    try { fs.readSync(device, bytes, 0, bytes.byteLength, null); } finally { fs.closeSync(device); }
    return bytes;
  };
  // sfc32. V8 seeds its own once for each context, and offers no way to seed it again.
  const next = () => {
    const result = (random[0] + random[1] + random[3]) | 0;
    random[3] += 1;
    random[0] = random[1] ^ (random[1] >>> 9);
    random[1] = random[2] + (random[2] << 3);
    random[2] = ((random[2] << 21) | (random[2] >>> 11)) + result;
    return result;
  };
  const seed = () => {
    addToOpenssl(draw(Buffer.alloc(48)));
    draw(random);
    // Node draws bytes ahead for these: what is left is used up.
    for (let n = 0; n < 128; n++) randomUUID();
    for (let n = 0; n < 1024; n++) randomInt(2 ** 47);
  };
  draw(random);
  const value = function random() { return ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992; };
  Object.defineProperty(Math, "random", { value, writable: true, configurable: true, enumerable: false });
  seed();
  const socket = require("node:net").connect(${JSON.stringify(address)});
  socket.on("data", () => { seed(); socket.write("seeded\\n"); });
  socket.on("error", () => undefined);
  socket.unref();

  // OpenSSL's generator can be seeded through node:ffi alone, which warns that it is new. A Node without that goes on with what it has.
  function randAdd() {
    const { emitWarning } = process;
    process.emitWarning = () => undefined;
    try {
      const { functions } = process.getBuiltinModule("node:ffi").dlopen(null, { RAND_add: { arguments: ["buffer", "int32", "double"], return: "void" } });
      return (bytes) => functions.RAND_add(bytes, bytes.length, bytes.length);
    } catch {
      console.error("This Node cannot seed OpenSSL anew: what node:crypto draws is the same in all machines of the snapshot (docs/snapshots.md)");
      return () => undefined;
    } finally {
      process.emitWarning = emitWarning;
    }
  }
})();
`;
}
