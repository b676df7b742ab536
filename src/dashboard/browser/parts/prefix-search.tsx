import { useState } from "preact/hooks";
import { SearchField } from "./search-field.tsx";

/** Keys by their beginnings, page by page. `after` is for a Pager; another beginning starts with its first page again. */
export function usePrefixSearch() {
  const [prefix, setPrefix] = useState("");
  const [after, setAfter] = useState<readonly string[]>([""]);
  const onSearch = (text: string) => {
    setPrefix(text);
    setAfter([""]);
  };
  const field = <SearchField label="Keys that begin with" onSearch={onSearch} />;
  return { prefix, after, setAfter, field, isWhole: prefix === "" && after.length === 1 };
}
