import { describe, expect, test } from "vitest";
import { DataError, FileError } from "../base/index.js";
import { fileReason, unreadable, withFileHandle } from "./file-errors.js";

const thrown = (code: string) => Object.assign(new Error(`${code}: as Node words it`), { code, syscall: "read" });

describe("whose fault it is", () => {
  test.each(["ENOENT", "EACCES", "ELOOP", "EISDIR", "ENAMETOOLONG"])("%s is the file's: it is left out", (code) => {
    expect(fileReason(thrown(code), "a.png")).not.toBe("");
    expect(unreadable(thrown(code), "a.png", "an image")).toBeInstanceOf(DataError);
  });

  test.each(["EMFILE", "ENFILE", "ENOMEM", "EIO", "ENOSPC", "ESTALE", "ETIMEDOUT", "EANYTHING"])(
    "%s is the machine's: the work ends",
    (code) => {
      expect(() => fileReason(thrown(code), "a.png")).toThrow(FileError);
      const error = unreadable(thrown(code), "a.png", "an image");
      expect(error).toBeInstanceOf(FileError);
      expect((error as FileError).message).toMatch(/^a\.png: expected a file that can be read, received ./);
    },
  );

  test("what is no error of the file system stays what it is", () => {
    const other = new RangeError("of another kind");
    expect(unreadable(other, "a.png", "an image")).toBe(other);
    expect(fileReason(other, "a.png")).toBe("of another kind");
  });
});

describe("few file handles", () => {
  /** Opens that fail beyond `limit` at once; each takes some turns of the loop. */
  const machine = (limit: number) => {
    const seen = { open: 0, most: 0, refused: 0 };
    const work = async () => {
      if (seen.open === limit) {
        seen.refused++;
        throw thrown("EMFILE");
      }
      seen.most = Math.max(seen.most, ++seen.open);
      await new Promise((resolve) => setTimeout(resolve, 1));
      seen.open--;
      return "read";
    };
    return { seen, work };
  };

  test.each([1, 2, 3])("%d are enough for many files", async (limit) => {
    const { seen, work } = machine(limit);
    const results = await Promise.all(Array.from({ length: 60 }, () => withFileHandle(work)));
    expect(results).toEqual(Array.from({ length: 60 }, () => "read"));
    expect(seen.most).toBeLessThanOrEqual(limit);
    expect(seen.refused).toBeGreaterThan(0);
  });

  test("none at all ends it, others are not held up", async () => {
    const failed = withFileHandle(machine(0).work);
    await expect(failed).rejects.toThrow("EMFILE");
    expect(await withFileHandle(machine(1).work)).toBe("read");
  });

  test("another error is thrown at once", async () => {
    let calls = 0;
    const broken = withFileHandle(async () => {
      calls++;
      throw thrown("EIO");
    });
    await expect(broken).rejects.toThrow("EIO");
    expect(calls).toBe(1);
  });
});
