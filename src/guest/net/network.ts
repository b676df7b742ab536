/**
 * The network as user code sees it: Node's own net, tls, http, fetch and dns, with every outgoing connection led over the wire to the host,
 * which decides. What stays inside the machine is left to Node.
 */
import type { Connection } from "../agent/connection.ts";
import { captureConnect } from "./connect.ts";
import { captureDatagrams } from "./datagrams.ts";
import { NamesOfHost } from "./local.ts";
import { captureLookup } from "./lookup.ts";
import type { Permission } from "./permission.ts";

/** @param permission is read when something connects, so that everything can be set up before it is known */
export function captureNetwork(connection: Connection, permission: Permission): void {
  const namesOfHost = new NamesOfHost();
  captureConnect(connection, permission, namesOfHost);
  captureLookup(connection, permission, namesOfHost);
  captureDatagrams();
}
