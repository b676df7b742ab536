/** All pages, in the order in which they are listed. */
import type { FunctionComponent } from "preact";
import { OverviewIcon } from "./parts/icons.tsx";
import { OverviewPage } from "./pages/overview.tsx";

interface ListedPage {
  /** The first part of its addresses. */
  name: string;
  title: string;
  icon: FunctionComponent;
  Page: FunctionComponent;
  /** Whether there is anything in it for who has logged in. Default: there is. */
  isFor?: () => boolean;
}

export const pages: readonly ListedPage[] = [{ name: "", title: "Overview", icon: OverviewIcon, Page: OverviewPage }];

export function pageAt([name = ""]: readonly string[]): ListedPage | undefined {
  return pages.find((page) => page.name === name);
}
