/** What a schema finds wrong, in the words of all error messages. */
import type { z } from "zod";

/** A line for each wrong, missing and unknown field, with its path. */
export const findingsOf = ({ issues }: z.core.$ZodError): string[] =>
  issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => `${pathOf([...issue.path, key])}: unknown field`);
    const said = issue.message.replace(/^Invalid (input|option): /, "").replace(/\bundefined\b/, "nothing");
    return [`${pathOf(issue.path)}: ${said}`];
  });

const pathOf = (path: readonly PropertyKey[]) => (path.length === 0 ? "(the whole)" : path.map(String).join("."));
