"""Checks ONNX files with the onnx package: structure by its checker, types and shapes by strict inference.

    python3 scripts/check-onnx.py FILE...

Prints one line per file and exits with 1 if any is wrong. The checker knows standard operators only: of a file with nodes of
another domain (com.microsoft, in training graphs) it checks the standard nodes one by one, and no shapes behind the others.
"""

import sys
from collections import Counter

import onnx
from onnx import checker, shape_inference


def check(path):
    model = onnx.load(path)
    foreign = Counter(f"{node.domain}.{node.op_type}" for node in model.graph.node if node.domain not in ("", "ai.onnx"))
    if not foreign:
        checker.check_model(model)
        shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
        return f"ok, {len(model.graph.node)} nodes, all standard"

    context = checker.C.CheckerContext()
    context.ir_version = model.ir_version
    context.opset_imports = {each.domain: each.version for each in model.opset_import}
    standard = [node for node in model.graph.node if node.domain in ("", "ai.onnx")]
    for node in standard:
        checker.check_node(node, context)
    skipped = ", ".join(f"{count} {name}" for name, count in sorted(foreign.items()))
    return f"ok, {len(standard)} standard nodes; not checked, as the checker does not know them: {skipped}"


failed = False
for path in sys.argv[1:]:
    try:
        print(f"{path}: {check(path)}")
    except Exception as error:  # one line per file, whatever is wrong with it
        failed = True
        print(f"{path}: wrong: {type(error).__name__}: {' '.join(str(error).split())}")
sys.exit(1 if failed or len(sys.argv) == 1 else 0)
