import type { TravellingFile } from "../files/travelling-file.ts";
import type { PackageFile } from "./package-file.ts";

/** A package that is not bundled but in node_modules of the machine, as it is installed here. */
export interface ShippedPackage {
  name: string;
  found: PackageFile;
  /** Relative to the task root. */
  path: string;
  files: TravellingFile[];
}
