/** Both ends of connections that end at the host: servers that this host trusts or does not, and a machine's side. Real TLS, over this host's loopback. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type ServerOptions } from "node:https";
import type { IncomingMessage, RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before } from "node:test";
import tls, { type TLSSocket } from "node:tls";
import { type Clock, systemClock } from "../../../base/clock/clock.ts";
import { loadConfig } from "../../../base/config/load.ts";
import { listening } from "../../../base/testing/listening.ts";
import { certificateMaker } from "../../../store/authority/make-certificate.ts";
import { type Authority, openAuthority } from "../../../store/authority/open-authority.ts";
import { createEgress } from "../../create-egress.ts";
import type { Egress } from "../../egress.ts";
import { createNames } from "../../names.ts";
import { Contexts } from "../contexts.ts";
import { withInjections } from "../injecting-egress.ts";
import type { Injection } from "../injection.ts";
import { Places } from "../places.ts";

/** The name of the server whose requests get the secret, and another one's. */
export const API = "api.example.com";
export const OTHER = "www.example.com";
export const SECRET = "s3cret";

export interface Scope {
  after(cleanUp: () => void): void;
}

const folder = mkdtempSync(join(tmpdir(), "mayfly-inject-"));
const make = certificateMaker(loadConfig({}).cacheDir);
const authorityAt = (name: string) => openAuthority({ file: join(folder, name), make, clock: systemClock });
/** The authority that machines trust, the one that this host trusts, and one that nobody does. */
export const [own, trusted, foreign] = ["own.pem", "trusted.pem", "foreign.pem"].map(authorityAt) as [Authority, Authority, Authority];

const usual = tls.getCACertificates("default");
before(async () => tls.setDefaultCACertificates([...usual, await trusted.certificate()]));
after(() => {
  tls.setDefaultCACertificates(usual);
  rmSync(folder, { recursive: true });
});

/** A server of API and OTHER in HTTP; `seen` has the heads of its requests. */
export async function serverBy(
  t: Scope,
  authority: Pick<Authority, "certificateOf">,
  listener: RequestListener,
  options: ServerOptions = {},
) {
  const seen: IncomingMessage[] = [];
  let connections = 0;
  const server = createServer(
    {
      ...options,
      SNICallback: async (name, done) => done(null, tls.createSecureContext(await authority.certificateOf(name))),
    },
    (request, response) => {
      seen.push(request);
      listener(request, response);
    },
  );
  server.on("secureConnection", () => connections++);
  const port = await listening(server);
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, port, seen, connections: () => connections };
}

/** A server of API that this host trusts, which reads and writes bytes. */
export async function rawServer(t: Scope, onConnection: (socket: TLSSocket) => void): Promise<number> {
  const sockets = new Set<TLSSocket>();
  const server = tls.createServer(await trusted.certificateOf(API), (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onConnection(socket);
  });
  const port = await listening(server);
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return port;
}

/** The egress of a machine whose requests to API get the header. */
export function egressTo(
  t: Scope,
  port: number,
  changes: Partial<Injection> = {},
  clock: Clock = systemClock,
): { egress: Egress; told: string[]; places: Places } {
  const allow = [`*.example.com:${port}`];
  const names = createNames(async () => [{ address: "127.0.0.1", family: 4 }]);
  const told: string[] = [];
  const injection = { host: API, port, header: "authorization", value: () => `Bearer ${SECRET}`, ...changes };
  const plain = createEgress({ allow, bound: allow, names, connections: 1_000 });
  const places = new Places(clock);
  const parts = { app: "shop", contexts: new Contexts(own), places, tell: (line: string) => told.push(line) };
  const egress = withInjections(plain, [injection], parts);
  t.after(() => egress.close());
  return { egress, told, places };
}

/** TLS as code in the machine does it. @param name what it asks for; it connects to the address by API's name */
export async function secureBy(
  egress: Egress,
  port: number,
  name = API,
  ca: Authority = own,
  options: tls.ConnectionOptions = {},
): Promise<TLSSocket> {
  const socket = await egress.connect("127.0.0.1", port, undefined, API);
  const secure = tls.connect({ socket, servername: name, ca: await ca.certificate(), ...options });
  await once(secure, "secureConnect");
  secure.on("error", () => {});
  return secure;
}

/** Writes the bytes as the machine, with HOST in the place of API and its port, and returns all that comes until the connection ends. */
export async function exchange(egress: Egress, port: number, bytes: string): Promise<string> {
  const secure = await secureBy(egress, port);
  secure.write(Buffer.from(bytes.replaceAll("HOST", `${API}:${port}`), "latin1"));
  return text(secure);
}
