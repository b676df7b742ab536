import type { TLSSocket } from "node:tls";
import { guarded } from "../../base/errors/guarded.ts";

/** Resolves with the socket when the server has proven its name. */
export function proven(server: TLSSocket, handshakeMs: number): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  promise.catch(() => undefined); // it is told when a request comes
  const cut = () => void server.destroy();
  const late = () => void server.destroy(new Error(`it did not complete the TLS handshake within ${handshakeMs} ms`));
  server.setTimeout(handshakeMs, guarded(late, cut));
  const onSecure = () => {
    server.setTimeout(0);
    resolve(server);
  };
  server.once("secureConnect", guarded(onSecure, cut));
  server.on("error", guarded(reject, cut));
  server.once("close", guarded(() => reject(new Error("it closed the connection")), cut)); // prettier-ignore
  return promise;
}
