/** The scripts of all recorded tests, by their names. */
import type { Scripts } from "../replay.ts";
import { accountScripts } from "./accounts.ts";
import { commonScripts } from "./common.ts";
import { concurrencyScripts } from "./concurrency.ts";
import { eventInvokeScripts } from "./event-invokes.ts";
import { functionUrlScripts } from "./function-urls.ts";
import { functionScripts } from "./functions.ts";
import { invokeScripts } from "./invoke.ts";
import { layerScripts } from "./layers.ts";
import { olderScripts } from "./older.ts";
import { permissionScripts } from "./permissions.ts";
import { queueSourceScripts } from "./queue-sources.ts";
import { runtimeScripts } from "./runtimes.ts";
import { settingScripts } from "./settings.ts";
import { tagScripts } from "./tags.ts";
import { urlScripts } from "./urls.ts";
import { versionScripts } from "./versions.ts";

export const scripts: Scripts = {
  ...functionScripts,
  ...versionScripts,
  ...layerScripts,
  ...permissionScripts,
  ...olderScripts,
  ...urlScripts,
  ...eventInvokeScripts,
  ...tagScripts,
  ...settingScripts,
  ...accountScripts,
  ...invokeScripts,
  ...concurrencyScripts,
  ...functionUrlScripts,
  ...runtimeScripts,
  ...queueSourceScripts,
  ...commonScripts,
};
