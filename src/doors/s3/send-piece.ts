import type { ServerResponse } from "node:http";

/** Resolves when the kernel has the piece, whose memory may then be used again; rejects when the client has left. */
export function sendPiece(response: ServerResponse, piece: Uint8Array): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const leave = () => reject(new Error("the client has left"));
  if (response.closed || response.destroyed) leave();
  // oxlint-disable-next-line mayfly/guarded-listeners -- it only rejects a promise
  response.once("close", leave);
  response.write(piece, (error) => {
    response.off("close", leave);
    if (error === null || error === undefined) resolve();
    else reject(error);
  });
  return promise;
}
