import type { AppReply } from "../../../model/replies.ts";

/** What each part of the page of an app gets. */
export interface TabProps {
  app: AppReply;
  /** Of the app in the API. */
  path: string;
  /** Called when something about the app has changed. */
  onChange: () => void;
}
