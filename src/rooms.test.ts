/**
 * The order of the house: imports between rooms point down, through the other room's front door. So each room can be read,
 * tested and replaced without those above it, and the pure ones run wherever JavaScript does.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { VERSION } from "./jobs/shared/version.js";

/** From the ground up: a room may use those before it. */
const rooms = [
  ...["base", "ir", "ops", "autodiff", "onnx", "runtime", "cost", "networks", "weights", "data", "doctor", "folders"],
  ...[
    "training",
    "scaling",
    "portfolio",
    "search",
    "supernet",
    "proxies",
    "study",
    "shipping",
    "pretrained",
    "latency",
    "report",
    "jobs",
    "cli",
  ],
];

/** These know no file system, no clock and no Node. */
const pure = ["ir", "ops", "autodiff", "onnx", "cost", "networks", "scaling", "search"];

/** The one file beside the front doors that other rooms may use, and pure rooms may not: it writes to disk. */
const filesDoor = "base/files.js";

/** Rooms above that the tests of a room may use: a gradient is shown right by taking it, a lowering by running it. */
const testsReachUp: Readonly<Record<string, readonly string[]>> = {
  ir: ["ops"],
  ops: ["autodiff", "onnx", "runtime"],
  onnx: ["runtime"],
};

/** `path` is relative to `src`, with forward slashes. */
type Source = { readonly path: string; readonly text: string };

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string) => readFileSync(join(root, file), "utf8");
const sources: readonly Source[] = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  // This file quotes imports that it forbids.
  .filter((file) => file.endsWith(".ts") && file !== "rooms.test.ts")
  .map((file) => ({ path: file.replaceAll(sep, "/"), text: read(join("src", file)) }));

/** What stands in `from "…"`, `import "…"` and `import("…")`, types included. */
function importsOf(text: string): string[] {
  const pattern = /^(?:import|export)\b[^;]*?\bfrom\s*"([^"]+)"|^import\s*"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/gm;
  return [...text.matchAll(pattern)].map(([, from, bare, dynamic]) => (from ?? bare ?? dynamic)!);
}

const targetOf = (path: string, specifier: string) => posix.join(posix.dirname(path), specifier);
const isTest = (path: string) => /\.test\.ts$|\/testing\//.test(path);

/** The first folder of a path; null for the files that lie in `src` itself, which stand above every room. */
const roomOf = (path: string) => (path.includes("/") ? path.slice(0, path.indexOf("/")) : null);

/** Rooms that a file may use. */
function roomsFor(path: string): readonly string[] {
  const room = roomOf(path);
  if (room === null) return rooms;
  return [...rooms.slice(0, rooms.indexOf(room)), ...(isTest(path) ? (testsReachUp[room] ?? []) : [])];
}

/** A sentence for every import that breaks the order. */
function breaches({ path, text }: Source): string[] {
  return importsOf(text).flatMap((specifier) => {
    const reason = specifier.startsWith(".") ? wrongTurn(path, targetOf(path, specifier)) : wrongNeed(path, specifier);
    return reason === null ? [] : [`src/${path} imports ${specifier}: ${reason}`];
  });
}

function wrongTurn(path: string, target: string): string | null {
  const [room, other] = [roomOf(path), roomOf(target)];
  if (room === other) return null;
  const allowed = roomsFor(path);
  if (other === null || !allowed.includes(other)) {
    return `${other ?? "src"} is not below ${room ?? "src"}, which may use ${allowed.join(", ") || "no other room"}`;
  }
  if (isTest(path)) return null;
  if (target === filesDoor) return pure.includes(room ?? "") ? `${room} knows no file system` : null;
  return target === `${other}/index.js` ? null : `the door of ${other} is ${other}/index.js`;
}

function wrongNeed(path: string, specifier: string): string | null {
  const room = roomOf(path) ?? "";
  const isWrong = specifier.startsWith("node:") && pure.includes(room) && !isTest(path);
  return isWrong ? `${room} runs in a browser too, and may use ${roomsFor(path).join(", ")}` : null;
}

type Imports = ReadonlyMap<string, readonly string[]>;

/** What each file names of the house, types included. */
const importsByFile = (files: readonly Source[]): Imports =>
  new Map(
    files.map(({ path, text }) => [
      path,
      importsOf(text).flatMap((to) => (to.startsWith(".") ? [targetOf(path, to).replace(/\.js$/, ".ts")] : [])),
    ]),
  );

/** Of each folder of a room, the other folders of it that its code names. What gives a room out, or starts it, stands above all. */
function importsByFolder(files: readonly Source[]): Imports {
  const folders = new Map<string, string[]>();
  for (const [path, targets] of importsByFile(files)) {
    if (isTest(path) || /^[^/]+\/(index|main)\.ts$/.test(path)) continue;
    const folder = posix.dirname(path);
    const others = targets.filter((to) => roomOf(to) === roomOf(path)).map((to) => posix.dirname(to));
    folders.set(folder, [...(folders.get(folder) ?? []), ...others.filter((other) => other !== folder)]);
  }
  return folders;
}

/** Who names each other in a ring, the first one again at the end; null where there is none. */
function findCircle(imports: Imports): readonly string[] | null {
  const cleared = new Set<string>();
  const visit = (each: string, trail: readonly string[]): readonly string[] | null => {
    if (trail.includes(each)) return [...trail.slice(trail.indexOf(each)), each];
    if (cleared.has(each)) return null;
    for (const next of imports.get(each) ?? []) {
      const circle = visit(next, [...trail, each]);
      if (circle !== null) return circle;
    }
    cleared.add(each);
    return null;
  };
  for (const each of imports.keys()) {
    const circle = visit(each, []);
    if (circle !== null) return circle;
  }
  return null;
}

/** Rooms that a room's own code imports, from the top down; `base` is below all and left out. */
function usedBy(room: string): string {
  const code = sources.filter(({ path }) => roomOf(path) === room && !isTest(path));
  const used = new Set(code.flatMap(({ path, text }) => importsOf(text).map((to) => roomOf(targetOf(path, to)))));
  return (
    rooms
      .filter((other) => other !== room && other !== "base" && used.has(other))
      .reverse()
      .join(", ") || "–"
  );
}

/** Name and last column of each row of the first drawing; its first line is the heading. */
function pictureOf(markdown: string): { room: string; uses: string }[] {
  const drawing = /^```text\n(.*?)\n```/ms.exec(markdown)?.[1] ?? "";
  return drawing
    .split("\n")
    .slice(1)
    .map((line) => line.split(/ {2,}/))
    .map((columns) => ({ room: columns[0]!, uses: columns.at(-1)! }));
}

test("every import between rooms points down, through a front door", () => {
  expect(sources.flatMap(breaches)).toEqual([]);
});

test("every room has its place in the order", () => {
  const folders = new Set(sources.flatMap(({ path }) => roomOf(path) ?? []));
  expect([...folders].sort()).toEqual([...rooms].sort());
});

/** Names that files of several rooms bear: a stranger who looks for one would not know which. */
function twinsIn(files: readonly Source[]): string[] {
  const places = new Map<string, string[]>();
  for (const { path } of files) {
    const name = posix.basename(path);
    if (name !== "index.ts" && !isTest(path)) places.set(name, [...(places.get(name) ?? []), path]);
  }
  return [...places.values()].filter((paths) => paths.length > 1).map((paths) => paths.join(" and "));
}

test("no files name each other in a circle, not even by their types", () => {
  expect(findCircle(importsByFile(sources))?.join(" → ") ?? null).toBeNull();
});

test("no folders of a room name each other in a circle", () => {
  expect(findCircle(importsByFolder(sources))?.join(" → ") ?? null).toBeNull();
  const file = (path: string, to: string) => ({ path, text: `import type { A } from "${to}";` });
  const below = [file("report/pages/a.ts", "../kit/b.js"), file("report/index.ts", "./pages/a.js")];
  expect(findCircle(importsByFolder([...below, file("report/pages/a.test.ts", "./a.js")]))).toBeNull();
  const circle = ["report/pages", "report/kit", "report/pages"];
  expect(findCircle(importsByFolder([...below, file("report/kit/c.ts", "../pages/d.js")]))).toEqual(circle);
});

test("no two files have the same name", () => {
  expect(twinsIn(sources)).toEqual([]);
  const files = ["cli/fit.ts", "jobs/fit.ts", "cli/index.ts", "ir/index.ts", "cli/fit.test.ts"];
  expect(twinsIn(files.map((path) => ({ path, text: "" })))).toEqual(["cli/fit.ts and jobs/fit.ts"]);
});

test.each([
  ["ops/relu.ts", 'import { fit } from "../jobs/index.js";', "jobs is not below ops, which may use base, ir"],
  ["ops/relu.ts", 'import type { A } from "../onnx/index.js";', "onnx is not below ops, which may use base, ir"],
  ["onnx/lower.ts", 'import {\n  type A,\n  b,\n} from "../ops/table.js";', "the door of ops is ops/index.js"],
  ["jobs/fit/fit.ts", 'const { a } = await import("../../cli/index.js");', "cli is not below jobs"],
  ["base/rng.ts", 'export * from "../ir/index.js";', "ir is not below base, which may use no other room"],
  ["jobs/fit/fit.ts", 'import { a } from "../../index.js";', "src is not below jobs"],
  ["cost/memory-plan.ts", 'import { a } from "../base/files.js";', "cost knows no file system"],
  ["cost/memory-plan.ts", 'import { join } from "node:path";', "cost runs in a browser too, and may use base, ir"],
  ["cost/memory-plan.test.ts", 'import { a } from "../networks/build.js";', "networks is not below cost"],
])("%s may not say %s", (path, text, reason) => {
  expect(breaches({ path, text })).toEqual([expect.stringContaining(reason)]);
});

test.each([
  ["jobs/fit/fit.ts", 'import { a } from "../../base/files.js";\nimport { b } from "./saved-fit.js";'],
  ["jobs/fit/fit.ts", 'import { join } from "node:path";\nimport { z } from "zod";'],
  ["cli/commands/fit-command.ts", 'import { a } from "../../jobs/index.js";\nimport { b } from "../command.js";'],
  ["ops/testing/engine.ts", 'import { a } from "../../onnx/onnx_pb.js";'],
  ["index.ts", 'export { fit } from "./jobs/index.js";'],
])("%s may say %s", (path, text) => {
  expect(breaches({ path, text })).toEqual([]);
});

test("a circle is found and told from a diamond", () => {
  const file = (path: string, ...to: string[]) => ({
    path,
    text: to.map((name) => `import "./${name}.js";`).join("\n"),
  });
  const diamond = [file("ir/a.ts", "b", "c"), file("ir/b.ts", "d"), file("ir/c.ts", "d"), file("ir/d.ts")];
  expect(findCircle(importsByFile(diamond))).toBeNull();
  const circleIn = (last: Source) => findCircle(importsByFile([...diamond.slice(0, 3), last]));
  expect(circleIn(file("ir/d.ts", "c"))).toEqual(["ir/d.ts", "ir/c.ts", "ir/d.ts"]);
  const types = { path: "ir/d.ts", text: 'import type { C } from "./c.js";' };
  expect(circleIn(types)).toEqual(["ir/d.ts", "ir/c.ts", "ir/d.ts"]);
});

test("the picture in ARCHITECTURE.md shows the rooms that there are and what they use", () => {
  expect(pictureOf(read("ARCHITECTURE.md"))).toEqual(rooms.map((room) => ({ room, uses: usedBy(room) })).reverse());
});

test("the version that files carry is the package's", () => {
  expect(VERSION).toBe((JSON.parse(read("package.json")) as { version: string }).version);
});
