import { describeOsvImage } from "../../../images/osv/osv-image.ts";
import { ensureOsvImage } from "../../../images/osv/ensure-osv-image.ts";
import { showProgress } from "../../../base/terminal/terminal.ts";
import { bytesInWords } from "../../units.ts";
import { createUids } from "../../../base/uids/uids.ts";
import { asJson } from "../../as-json.ts";

export interface OsvBuild {
  cacheDir: string;
  refresh: boolean;
  /** If undefined, the value of the setting is used. */
  osvKernel: string | undefined;
  json: boolean;
}

/** `mayfly image build --kernel osv` */
export async function buildOsv({ json, osvKernel = process.env["MAYFLY_OSV_KERNEL"], ...inputs }: OsvBuild): Promise<void> {
  const progress = showProgress();
  const image = await ensureOsvImage({ ...inputs, uids: createUids(), osvKernel, progress: progress.step }).finally(progress.done);
  const description = await describeOsvImage(image);
  if (json) return console.log(asJson("image build", { ...description, dir: image.dir }));
  const { nodeVersion, size } = description;
  console.log(`Image ${image.id}\n  Node ${nodeVersion} on OSv`);
  console.log(`  kernel ${bytesInWords(size.kernel)}, disk ${bytesInWords(size.root)}\n  in ${image.dir}`);
}
