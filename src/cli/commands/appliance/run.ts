import { resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ApplianceSpec, PublishedPort, VolumeSpec } from "../../../appliances/spec.ts";
import { commandName } from "../../command-name.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../../connection.ts";
import { parseCount, parseVariable } from "../../parse.ts";
import { addressOf } from "./list.ts";
import { asJson } from "../../as-json.ts";

type ApplianceRunOptions = ConnectionOptions & {
  name: string;
  publish?: PublishedPort[];
  env?: Record<string, string>;
  volume?: VolumeSpec[];
  volumeSize: number;
  network: ApplianceSpec["network"];
  memory: number;
  vcpus: number;
  json?: true;
};

export function define(appliance: Command): void {
  withConnectionOptions(
    appliance
      .command("run")
      .description("make an appliance of an image and start it: a machine that runs until it is stopped")
      .argument("<image>", "its name, the beginning of its id, or latest")
      .argument("[command...]", "the command to run instead of the image's own")
      .requiredOption("--name <name>", "the appliance's name, under which its logs and its bill are listed")
      .option(
        "--publish <[address:]host:guest>",
        "lead a port of this host (of 127.0.0.1 unless told) to one of the machine; may be repeated",
        parsePort,
      )
      .option(
        "--env <name[=value]>",
        "a variable for the command; without a value, it is copied from your environment; may be repeated",
        parseVariable,
      )
      .option(
        "--volume <disk|folder:path>",
        "a disk of its own that is kept, or a folder of this host to read; may be repeated",
        parseVolume,
      )
      .option("--volume-size <MB>", "the size of each disk that is created now", parseCount(16, 16_777_216), 1_024)
      .addOption(
        new Option("--network <network>", "egress: HTTP and HTTPS to public addresses, by a proxy")
          .choices(["none", "egress"])
          .default("none"),
      )
      .option("--memory <MB>", "the machine's memory", parseCount(64, 65_536), 256)
      .option("--vcpus <count>", "the machine's vCPUs", parseCount(1, 16), 1),
  )
    .addHelpText(
      "after",
      "\nExample:\n  mayfly appliance run notes --name notes-ada --publish 8101:8000 --env CUSTOMER=Ada --volume ada:/data",
    )
    .action(run);
}

async function run(image: string, command: string[], { json, ...options }: ApplianceRunOptions): Promise<void> {
  const { name, publish: ports = [], env = {}, volume = [], volumeSize, network, memory: memoryMb, vcpus } = options;
  const volumes = volume.map((one) => ("disk" in one ? { disk: one.disk, path: one.path, sizeMb: volumeSize } : one));
  const asked = { name, image, env, ports, volumes, network, memoryMb, vcpus, ...(command.length > 0 && { command }) };
  const info = await (await connect(options)).client.runAppliance(asked);
  if (json) return console.log(asJson("appliance run", info));
  console.log(info.machine === null ? `${name} is ${info.state}` : `${name} is started, as machine ${info.machine}, which boots now`);
  for (const port of info.ports) console.log(`  ${addressOf(port)} leads to its port ${port.guest}, once something listens there`);
  console.log(`  ${commandName} appliance logs -f ${name}`);
}

function parsePort(text: string, earlier: PublishedPort[] = []): PublishedPort[] {
  const [, address = "127.0.0.1", host, guest] = /^(?:\[?([0-9a-fA-F.:]+?)\]?:)?(\d{1,5}):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined) throw new InvalidArgumentError("It must be host:guest or address:host:guest, for example 8080:80.");
  return [...earlier, { address, host: Number(host), guest: Number(guest) }];
}

/** A source with a slash in it, or a dot alone, is a folder. */
function parseVolume(text: string, earlier: VolumeSpec[] = []): VolumeSpec[] {
  const [, source, path] = /^([^:]+):(\/.+)$/.exec(text) ?? [];
  if (source === undefined || path === undefined) throw new InvalidArgumentError("It must be disk:/path or ./folder:/path.");
  return [...earlier, /[/.]/.test(source) ? { folder: resolve(source), path } : { disk: source, path, sizeMb: 0 }];
}
