/** A descriptor that is open already, or where to connect. */
export type InspectorChannel = { fd: number } | { host: string; port: number };

/**
 * The thread that carries bytes between Node's inspector and the host. Both ends speak in frames: u32 number of a connection, u32 length (both little-endian), so many
 * bytes. The host chooses the number, and a connection begins with its first frame. An empty frame ends it. Number 0 is the inspector's address, which the guest says first.
 *
 * It runs from its own text, so it uses nothing of this module or of others.
 */
export function carryInspector(): void {
  const { Socket, connect } = process.getBuiltinModule("node:net");
  const { channel, url } = process.getBuiltinModule("node:worker_threads").workerData as { channel: InspectorChannel; url: string };
  const HEAD = 8;
  const connections = new Map<number, InstanceType<typeof Socket>>();
  const host = "fd" in channel ? new Socket({ ...channel, readable: true, writable: true }) : connect({ ...channel, noDelay: true });
  const send = (id: number, bytes: Uint8Array): void => {
    const head = Buffer.alloc(HEAD);
    head.writeUInt32LE(id, 0);
    head.writeUInt32LE(bytes.byteLength, 4);
    host.write(Buffer.concat([head, bytes]));
  };
  const begin = (id: number) => {
    const inspector = connect(Number(new URL(url).port), "127.0.0.1");
    connections.set(id, inspector);
    inspector.on("error", () => inspector.destroy());
    inspector.on("data", (bytes: Buffer) => send(id, bytes));
    inspector.on("close", () => connections.delete(id) && send(id, Buffer.alloc(0)));
    return inspector;
  };
  const take = (id: number, bytes: Buffer): void => {
    const known = connections.get(id);
    if (bytes.length > 0) (known ?? begin(id)).write(bytes);
    else {
      connections.delete(id);
      known?.destroy();
    }
  };
  let rest = Buffer.alloc(0);
  host.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= HEAD) {
      const end = HEAD + rest.readUInt32LE(4);
      if (rest.length < end) return;
      take(rest.readUInt32LE(0), rest.subarray(HEAD, end));
      rest = rest.subarray(end);
    }
  });
  host.on("error", () => host.destroy());
  send(0, Buffer.from(url));
}
