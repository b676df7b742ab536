/** Archives for hypervisors and clouds, written by tar with fixed owners, modes and times: the same files give the same bytes. */
import { runProgram } from "../run-program.ts";

const metadata = ["--owner=0", "--group=0", "--numeric-owner", "--mode=u=rw,go=r", "--mtime=@0", "--blocking-factor=1"];
/** Options of the caller's environment would change bytes. */
const env = { TAR_OPTIONS: "", GZIP: "" };

export interface ArchiveOptions {
  /** Holds the files. */
  folder: string;
  /** In their order in the archive. */
  names: string[];
  /** gnu: GNU tar's own, which Google asks for. ustar: POSIX's, for all others; it cannot tell a size of 8 GiB or more. */
  format: "gnu" | "ustar";
  compressed?: boolean;
}

export async function writeArchive(path: string, { folder, names, format, compressed = false }: ArchiveOptions): Promise<void> {
  const compress = compressed ? ["--use-compress-program=gzip -n -6"] : [];
  const args = [
    "--create",
    `--file=${path}`,
    "--force-local",
    `--directory=${folder}`,
    `--format=${format}`,
    ...metadata,
    ...compress,
    "--",
    ...names,
  ];
  await runProgram("tar", args, { name: "tar", env });
}
