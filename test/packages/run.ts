/**
 * `mayfly test --packages`: deploys a small function for each row of the table, calls it, and reports which rows are as expected. It is not
 * part of the tests, because it installs some hundred packages and takes minutes. It uses the driver "process", because it tests bundles
 * rather than machines.
 */
import { bundleApp } from "../../src/bundle/bundle-app.ts";
import { MayflyError } from "../../src/base/errors/error.ts";
import { type Platform, createScope, startPlatform } from "../platform.ts";
import type { Row } from "./rows/row.ts";
import { table } from "./table.ts";
import { appFolder, appName, install, removeAppFolders } from "./tree.ts";

interface Outcome {
  /** Of the deploy without what they advise. */
  warnings: string[];
  /** Set if the deploy was refused. */
  refused?: string;
  answer?: string;
}

const filters = process.argv.slice(2);
install();
const scope = createScope();
const platform = await startPlatform(scope, { driver: "process" });
let asExpected = 0;
const rows = table.filter(({ name }) => filters.length === 0 || filters.some((filter) => name.includes(filter)));
for (const row of rows) {
  const started = performance.now();
  const wrong = judge(row, await outcomeOf(row, platform).catch((error: unknown) => ({ warnings: [], refused: String(error) })));
  if (wrong === undefined) asExpected++;
  console.log(
    `${wrong === undefined ? "ok " : "NOT"} ${row.name.padEnd(28)} ${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s ${wrong ?? ""}`.trimEnd(),
  );
}
await scope.close();
removeAppFolders();
console.log(`${asExpected} of ${rows.length} as expected`);
process.exit(asExpected === rows.length ? 0 : 1);

async function outcomeOf(row: Row, platform: Platform): Promise<Outcome> {
  const plain = await deployed(row, platform, {});
  if (!("advised" in row.expect) || plain.refused !== undefined) return plain;
  return { ...(await deployed(row, platform, row.expect.advised)), warnings: plain.warnings };
}

/** @param more keys of mayfly.json. A row that must be warned of is not called without those that the warning advises. */
async function deployed(row: Row, platform: Platform, more: object): Promise<Outcome> {
  const bundled = await bundleApp(appFolder(row, more)).catch((error: unknown) => error);
  if (bundled instanceof MayflyError) return { warnings: [], refused: `${bundled.code}: ${bundled.message} ${bundled.cure}` };
  if (bundled instanceof Error) throw bundled;
  const { manifest, bundles, warnings } = bundled as Awaited<ReturnType<typeof bundleApp>>;
  if ("refused" in row.expect || ("advised" in row.expect && more !== row.expect.advised)) return { warnings };
  await platform.client.deploy(manifest, bundles);
  const response = await platform.call(`/${appName(row)}/main${row.path ?? ""}`, { signal: AbortSignal.timeout(60_000) });
  const answer = `${response.status} ${await response.text()}`;
  const log = response.status < 400 ? [] : await platform.client.logs({ app: appName(row), tail: 3 });
  await platform.client.removeApp(appName(row));
  return { warnings, answer: [answer, ...log.map(({ text }) => text)].join("\n") };
}

/** What differs from the expectation; undefined if nothing does. */
function judge({ expect }: Row, { warnings, refused, answer }: Outcome): string | undefined {
  if ("refused" in expect)
    return refused !== undefined && expect.refused.test(refused)
      ? undefined
      : `deploys or is refused for: ${refused ?? "nothing"} ${warnings.join("; ")}`;
  if (refused !== undefined) return `is refused: ${refused}`;
  if ("advised" in expect) {
    if (!warnings.some((warning) => expect.warned.test(warning))) return `is not warned of so: ${warnings.join("; ") || "no warning"}`;
  } else {
    const odd = warnings.filter((warning) => !expect.warned?.test(warning));
    if (odd.length > 0) return `warns: ${odd.join("; ")}`;
  }
  const wanted =
    typeof expect.answers === "string"
      ? answer?.startsWith(`200 ${expect.answers}`)
      : answer?.startsWith("200 ") && expect.answers.test(answer);
  return wanted ? undefined : `answers ${answer?.slice(0, 600)}`;
}
