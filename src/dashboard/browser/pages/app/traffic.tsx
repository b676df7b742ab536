import { splitInWords } from "../../../model/split.ts";
import { ask } from "../../api.ts";
import { Action, Allowed } from "../../parts/action.tsx";
import { Card } from "../../parts/page.tsx";
import { Aliases } from "./aliases.tsx";
import { Canary, Revisions } from "./revisions.tsx";
import type { TabProps } from "./tab.ts";
import { targetsOf, Weights } from "./weights.tsx";

export function TrafficTab(props: TabProps) {
  const { app, path, onChange } = props;
  const live = targetsOf(app, "live");
  const canary = app.revisions.find(({ canary: own }) => own?.state === "running");
  return (
    <div class="stack">
      <Card title="Where calls go" about={splitInWords(live)}>
        <p class="muted">
          The weights of the alias <code>live</code>, which gets all calls that name no other. <code>mayfly deploy --canary 10</code> gives
          a new revision a share until it has proved itself.
        </p>
        <Allowed action="deploy" to="move calls">
          <Weights key={JSON.stringify(live)} {...props} alias="live" />
          <p class="buttons">
            <Action
              act={() => ask(`${path}/rollback`, { method: "POST" }).then(() => "Calls go where they went before.")}
              confirm="Roll back?"
              onDone={onChange}
            >
              Roll back
            </Action>
            {live.length > 1 && (
              <Action
                act={() => ask(`${path}/promote`, { method: "POST", body: {} }).then(() => "All calls go to it.")}
                confirm="Promote?"
                onDone={onChange}
              >
                Promote the newest
              </Action>
            )}
          </p>
        </Allowed>
      </Card>
      {canary?.canary && <Canary number={canary.number} canary={canary.canary} />}
      <Aliases {...props} />
      <Revisions {...props} />
    </div>
  );
}
