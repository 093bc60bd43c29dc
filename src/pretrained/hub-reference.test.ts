import { describe, expect, test } from "vitest";
import { UsageError } from "../base/index.js";
import { formatHubReference, parseHubReference } from "./hub-reference.js";

describe("parseHubReference", () => {
  test.each([
    ["hf:timm/mnasnet_100.rmsp_in1k", { repository: "timm/mnasnet_100.rmsp_in1k" }],
    ["hf:a/b@v2", { repository: "a/b", revision: "v2" }],
    ["hf:a/b:model.safetensors", { repository: "a/b", file: "model.safetensors" }],
    ["hf:a/b@refs/pr/1:onnx/model@2.onnx", { repository: "a/b", revision: "refs/pr/1", file: "onnx/model@2.onnx" }],
    ["hf:a/b:weights of May.bin", { repository: "a/b", file: "weights of May.bin" }],
  ])("reads %s, and it can be written again", (text, reference) => {
    expect(parseHubReference(text)).toEqual(reference);
    expect(formatHubReference(reference)).toBe(text);
  });

  test.each([
    ["mobilenet-v2", "hf:owner/name[@revision][:file]"],
    ["https://huggingface.co/a/b", "hf:owner/name"],
    ["hf:", "a repository as owner/name, received nothing"],
    ["hf:mobilenet", 'a repository as owner/name, received "mobilenet"'],
    ["hf:a/b/c", "a repository as owner/name"],
    ["hf:../b", "a repository as owner/name"],
    ["hf:a/b--c", "a repository as owner/name"],
    ["hf:a/-b", "a repository as owner/name"],
    ["hf:a/b@", "a branch, a tag or a commit, received nothing"],
    ["hf:a/b@../../main", "a branch, a tag or a commit"],
    ["hf:a/b:", "a path within the repository, received nothing"],
    ["hf:a/b:../../../etc/passwd", "a path within the repository"],
    ["hf:a/b:/etc/passwd", "a path within the repository"],
    ["hf:a/b:a//b", "a path within the repository"],
    ["hf:a/b:C:\\model.bin", "a path within the repository"],
    ["hf:a/b:a\nb", "a path within the repository"],
  ])("refuses %j", (text, message) => {
    expect(() => parseHubReference(text)).toThrow(UsageError);
    expect(() => parseHubReference(text)).toThrow(message);
    expect(() => parseHubReference(text)).toThrow("hint: for example hf:");
  });
});
