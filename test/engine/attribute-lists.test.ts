import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { withAttributeLists } from "../../src/engine/install/attribute-lists.js";
import { nodePackage } from "../../src/engine/native/package.js";
import { temporaryFolder } from "../rigs/context.js";

const tfjs = nodePackage();
const skip = tfjs ? false : "the npm package @tensorflow/tfjs-node-gpu is not installed";

test("the bindings of the npm package are those that lists can be added to", { skip }, () => {
  const file = join(tfjs!.folder, "binding/tfjs_backend.cc");
  const changed = withAttributeLists(file)!;
  assert.match(
    changed,
    /TFE_OpSetAttrStringList\([\s\S]*TFE_OpSetAttrTypeList\([\s\S]*switch \(tf_attr_type\) \{/,
  );
  const added = changed.length - readFileSync(file, "utf8").length;
  assert.ok(added > 0 && added < 2000, `${added} characters more`);
});

test("bindings that are not the known ones stay as they are", () => {
  const file = join(temporaryFolder(), "tfjs_backend.cc");
  const known = "  switch (tf_attr_type) {\n    case TF_ATTR_STRING: {\n";
  for (const text of ["", known.replace("STRING", "INT"), known + known]) {
    writeFileSync(file, text);
    assert.equal(withAttributeLists(file), undefined);
  }
});
