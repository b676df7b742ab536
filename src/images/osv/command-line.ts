/**
 * OSv's command line: options, then the program and its arguments. OSv splits it at spaces and takes the first word that is no option for the
 * program; quotes, backslashes, "$", ";", "&" and "!" mean something to it, so that nothing with one of them may be in it.
 */
import { MayflyError } from "../../base/errors/error.ts";
import { loaderPath } from "./root-tree.ts";

export interface OsvStart {
  env: Record<string, string>;
  /** A program for Linux and its arguments. */
  command: string[];
  cwd?: string;
  /** An address, its mask and gateway; by DHCP where absent. */
  address?: { address: string; mask: string; gateway: string };
  /** It says more at its start, and at its end which signal that came by. */
  verbose?: boolean;
}

/** Throws "image-build-failed" where a word cannot be said to OSv. */
export function osvCommandLine({ env, command, cwd, address, verbose = false }: OsvStart): string {
  const options = [
    "--rootfs=rofs",
    "--console=serial",
    // Else it would halt, and its machine stay.
    "--power-off-on-abort",
    ...(verbose ? ["--verbose"] : []),
    ...(address === undefined ? [] : [`--ip=eth0,${address.address},${address.mask}`, `--defaultgw=${address.gateway}`]),
    ...Object.entries(env).map(([name, value]) => `--env=${name}=${value}`),
    ...(cwd === undefined ? [] : [`--cwd=${cwd}`]),
  ];
  // Linux programs run unchanged where their own dynamic loader starts them.
  const words = [...options, loaderPath, ...command];
  for (const word of words) if (!/^[^\s"'`$;&!\\]+$/.test(word)) throw unsayable(word);
  return words.join(" ");
}

function unsayable(word: string): MayflyError {
  const what = `${JSON.stringify(word)} cannot stand in OSv's command line: spaces, quotes, backslashes, "$", ";", "&" and "!" mean something there`;
  return new MayflyError("image-build-failed", { what });
}
