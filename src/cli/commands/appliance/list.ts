import type { Command } from "commander";
import type { ApplianceInfo, PublishedPort } from "../../../appliances/spec.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../../connection.ts";
import { type Column, renderTable } from "../../../base/terminal/table.ts";
import { harmless } from "../../../base/terminal/terminal.ts";
import { ageInWords, bytesInWords } from "../../units.ts";
import { asJson } from "../../as-json.ts";

const columns: Column<ApplianceInfo>[] = [
  { title: "APPLIANCE", cell: ({ name }) => name },
  { title: "STATE", cell: ({ state }) => state },
  { title: "IMAGE", cell: ({ image }) => image.slice(0, 12) },
  { title: "PORTS", cell: ({ ports }) => ports.map((port) => `${addressOf(port)}->${port.guest}`).join(" ") || "-" },
  { title: "MEMORY", align: "right", cell: ({ memoryBytes }) => bytesInWords(memoryBytes) },
  { title: "UP", align: "right", cell: ({ machine, ageMs }) => (machine === null ? "-" : ageInWords(ageMs)) },
  { title: "RESTARTS", align: "right", cell: ({ restarts }) => String(restarts) },
  { title: "LAST END", cell: ({ lastEnd }) => (lastEnd === null ? "-" : harmless(lastEnd.slice(0, 60))) },
];

export function define(appliance: Command): void {
  withConnectionOptions(appliance.command("list").description("list the appliances"))
    .addHelpText("after", "\nExample:\n  mayfly appliance list")
    .action(list);
}

async function list(options: ConnectionOptions & { json?: true }): Promise<void> {
  const appliances = await (await connect(options)).client.appliances();
  if (options.json) return console.log(asJson("appliance list", { appliances }));
  console.log(appliances.length === 0 ? "There is no appliance." : renderTable(columns, appliances));
}

/** The address as a user types it. */
export function addressOf({ address, host }: PublishedPort): string {
  return address.includes(":") ? `[${address}]:${host}` : `${address}:${host}`;
}
