import type { Command } from "commander";
import type { MachineInfo } from "../../doors/admin/schemas.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { type Column, renderTable } from "../../base/terminal/table.ts";
import { ageInWords, bytesInWords, millisecondsInWords } from "../units.ts";
import { asJson } from "../as-json.ts";

const columns: Column<MachineInfo>[] = [
  { title: "MACHINE", cell: ({ id }) => id },
  { title: "APP", cell: ({ app }) => app ?? "-" },
  { title: "REVISION", align: "right", cell: ({ revision }) => (revision === null ? "-" : String(revision)) },
  { title: "DRIVER", cell: ({ driver }) => driver },
  { title: "KIND", cell: ({ kind }) => (kind === null ? "-" : kindInWords(kind)) },
  { title: "STATE", cell: ({ state }) => state },
  { title: "SLOTS", align: "right", cell: ({ slots }) => (slots.total === 0 ? "-" : `${slots.used}/${slots.total}`) },
  { title: "MEMORY", align: "right", cell: ({ memoryBytes }) => bytesInWords(memoryBytes) },
  { title: "CPU", align: "right", cell: ({ cpuUs }) => millisecondsInWords(cpuUs / 1000) },
  { title: "AGE", align: "right", cell: ({ ageMs }) => ageInWords(ageMs) },
];

export function define(command: Command): void {
  withConnectionOptions(command)
    .addHelpText(
      "after",
      "\nSLOTS: invocations running, of as many as the machine gets at once, which is learned. CPU: used since it started.\nREVISION: the number of the app's revision whose code the machine was given.\nKIND: the machine's runtime, kernel, memory and vCPUs, as the app's mayfly.json chooses them; MEMORY is what it holds.\n\nExample:\n  mayfly ps",
    )
    .action(ps);
}

function kindInWords({ runtime, kernel, memoryMb, vcpus }: NonNullable<MachineInfo["kind"]>): string {
  return `${runtime}, ${kernel} ${memoryMb} MB${vcpus === 1 ? "" : ` ${vcpus} vCPUs`}`;
}

async function ps(options: ConnectionOptions & { json?: true }): Promise<void> {
  const machines = await (await connect(options)).client.machines();
  if (options.json) return console.log(asJson("ps", { machines }));
  console.log(machinesInWords(machines));
}

export function machinesInWords(machines: MachineInfo[]): string {
  return machines.length === 0 ? "No machine runs." : renderTable(columns, machines);
}
