/** Whether the native add-ons of a package that is shipped run in a machine, which has Linux, x86-64, glibc and this very Node. */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { hasNative, isOnlyNative, platformPackage } from "./native-packages.ts";
import type { ShippedPackage } from "./shipped-package.ts";

/** ELF, 64 bits, little-endian; the machine is at 18: 62 is x86-64. */
const MAGIC = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
const MACHINE_AT = 18;
const X86_64 = 62;

/** @param refuse is called with what is wrong, as a clause */
export function refuseForeignAddons({ name, found, files }: ShippedPackage, all: ShippedPackage[], refuse: (what: string) => never): void {
  const addons = files.filter(({ path }) => path.endsWith(".node"));
  const cure = `run npm install --os=linux --cpu=x64 --libc=glibc ${name}`;
  const usable = addons.filter(({ from }) => isForMachines(from));
  const lacksOwn = addons.length > 0 && usable.length === 0;
  if (lacksOwn) refuse(`its native add-on ${addons[0]!.path} is not for Linux on x86-64: ${cure}`);
  const platforms = Object.keys(found.optionalDependencies ?? {}).filter((each) => platformPackage.test(each));
  const hasPlatform = platforms.some((each) => all.some((shipped) => shipped.name === each));
  if (isOnlyNative(found) && !hasPlatform && usable.length === 0)
    refuse(`its native add-on for Linux on x86-64 with glibc is not installed: ${cure}`);
  if (!isOnlyNative(found) && hasNative(found) && needsBuild(found) && addons.length === 0)
    refuse(`its native add-on was neither built nor fetched: ${cure}, and look at what npm says of its install script`);
  const wrong = usable.map(({ from }) => abiOf(from)).filter((abi) => abi !== undefined);
  if (wrong.length > 0 && wrong.every((abi) => abi !== process.versions.modules))
    refuse(
      `its native add-on was built for another Node (ABI ${wrong[0]}; machines have Node ${process.versions.node}, ABI ${process.versions.modules}): install it with Node ${process.versions.node}`,
    );
}

/** Packages that only have node-addon-api among their dependencies may be JavaScript that others build on. */
function needsBuild({ gypfile, binary, dependencies }: ShippedPackage["found"]): boolean {
  return gypfile === true || binary?.module_name !== undefined || dependencies?.["bindings"] !== undefined;
}

function isForMachines(file: string): boolean {
  const head = Buffer.alloc(MACHINE_AT + 2);
  const descriptor = openSync(file, "r");
  try {
    readSync(descriptor, head);
  } finally {
    closeSync(descriptor);
  }
  return head.subarray(0, MAGIC.length).equals(MAGIC) && head.readUInt16LE(MACHINE_AT) === X86_64;
}

/** The version of Node's own interface that the add-on was built for; undefined if it uses Node-API, which is the same in all. */
function abiOf(file: string): string | undefined {
  const bytes = readFileSync(file);
  if (bytes.includes("napi_register_module_v")) return undefined;
  const name = "node_register_module_v";
  const at = bytes.indexOf(name);
  return at === -1 ? undefined : /^\d+/.exec(bytes.toString("latin1", at + name.length, at + name.length + 8))?.[0];
}
