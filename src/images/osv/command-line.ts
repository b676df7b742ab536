/**
 * OSv's command line: options, then the program and its arguments. OSv splits it at spaces and takes the first word that is not an option
 * as the program. Quotes, backslashes, "$", ";", "&" and "!" have a meaning in it, so no word may contain one.
 */
import { MayflyError } from "../../base/errors/error.ts";
import { loaderPath } from "./root-tree.ts";

export interface OsvStart {
  env: Record<string, string>;
  /** A Linux program and its arguments. */
  command: string[];
  cwd?: string;
  /** An address, its mask and gateway; if absent, DHCP is used. */
  address?: { address: string; mask: string; gateway: string };
}

/** Throws "image-build-failed" if a word can't be expressed in OSv's command line. */
export function osvCommandLine({ env, command, cwd, address }: OsvStart): string {
  const options = [
    "--rootfs=rofs",
    "--console=serial",
    // Without this OSv would halt, and its machine would stay.
    "--power-off-on-abort",
    // Without this OSv prints nothing about an abort(), and its end looks like the program's own.
    "--verbose",
    ...(address === undefined ? [] : [`--ip=eth0,${address.address},${address.mask}`, `--defaultgw=${address.gateway}`]),
    ...Object.entries(env).map(([name, value]) => `--env=${name}=${value}`),
    ...(cwd === undefined ? [] : [`--cwd=${cwd}`]),
  ];
  // Linux programs run unchanged if their own dynamic loader starts them.
  const words = [...options, loaderPath, ...command];
  for (const word of words) if (!/^[^\s"'`$;&!\\]+$/.test(word)) throw unsayable(word);
  return words.join(" ");
}

function unsayable(word: string): MayflyError {
  const what = `${JSON.stringify(word)} cannot stand in OSv's command line: spaces, quotes, backslashes, "$", ";", "&" and "!" mean something there`;
  return new MayflyError("image-build-failed", { what });
}
