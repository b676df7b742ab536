/** A network namespace with listeners at a public and at a private address, joined to this host by a veth pair. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import type { Scope } from "./platform.ts";
import { afterwards } from "../src/base/testing/afterwards.ts";
import { certificate } from "../src/doors/http/test-certificate.ts";

export interface Network {
  /** The name of the network namespace. */
  namespace: string;
  /** An address that filters treat as public; it is routed to the namespace on this host only. */
  publicAddress: string;
  privateAddress: string;
  /** This host's own address on the link. */
  hostAddress: string;
  /** The port of both listeners, each of which identifies itself. The next port has listeners as well. */
  port: number;
  /** A port of the public address at which a server of TLS says "secure". Its certificate is that of src/doors/http/test-certificate.ts, for localhost. */
  tlsPort: number;
  /** A port of the public address at which the number of bytes is told that came until the other end had ended. */
  countPort: number;
  /** A port of the public address at which a server of HTTP says "hello". */
  httpPort: number;
}

const PORT = 7_777;

/**
 * Needs root, like tests of VMs.
 *
 * @param subnet the third number of its addresses: each test file has its own, because files run at the same time
 */
export async function createNetwork(scope: Scope, subnet = 17): Promise<Network> {
  const [name, host, guest] = [`mayfly-${process.pid}`, `mfh${process.pid}`, `mfg${process.pid}`];
  const [publicAddress, privateAddress, hostAddress] = [`9.254.${subnet}.2`, `10.254.${subnet}.2`, `10.254.${subnet}.1`];
  const network = {
    namespace: name,
    publicAddress,
    privateAddress,
    hostAddress,
    port: PORT,
    tlsPort: PORT + 2,
    countPort: PORT + 3,
    httpPort: PORT + 4,
  };
  const ip = (...args: string[]) => execFileSync("ip", args, { stdio: ["ignore", "ignore", "inherit"] });
  ip("netns", "add", name);
  afterwards(scope, () => void ip("netns", "delete", name));
  ip("link", "add", host, "type", "veth", "peer", "name", guest, "netns", name);
  ip("addr", "add", `${network.hostAddress}/30`, "dev", host);
  ip("link", "set", host, "up");
  ip("-n", name, "addr", "add", `${network.privateAddress}/30`, "dev", guest);
  ip("-n", name, "addr", "add", `${network.publicAddress}/32`, "dev", guest);
  ip("-n", name, "link", "set", guest, "up");
  ip("-n", name, "link", "set", "lo", "up");
  ip("route", "add", `${network.publicAddress}/32`, "via", network.privateAddress, "dev", host);
  await listenInside(scope, name, network);
  return network;
}

async function listenInside(
  scope: Scope,
  name: string,
  { publicAddress, privateAddress, tlsPort, countPort, httpPort }: Network,
): Promise<void> {
  const code = `const { createServer } = require("node:net");
    const speak = (text, host, port) => createServer((socket) => socket.end(text + "\\n")).listen(port, host);
    for (const port of [${PORT}, ${PORT + 1}]) { speak("public", "${publicAddress}", port); speak("private", "${privateAddress}", port); }
    require("node:tls").createServer(${JSON.stringify(certificate)}, (socket) => socket.on("error", () => {}).end("secure\\n")).listen(${tlsPort}, "${publicAddress}");
    createServer({ allowHalfOpen: true }, (socket) => {
      let bytes = 0;
      socket.on("data", (chunk) => (bytes += chunk.length)).on("end", () => socket.end(bytes + "\\n")).on("error", () => {});
    }).listen(${countPort}, "${publicAddress}");
    require("node:http").createServer((request, response) => response.end("hello")).listen(${httpPort}, "${publicAddress}");
    setTimeout(() => console.log("listening"), 100);`;
  const child = spawn("ip", ["netns", "exec", name, process.execPath, "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  afterwards(scope, async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  await once(child.stdout, "data");
}
