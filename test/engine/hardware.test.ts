import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { examineProcessor } from "../../src/engine/hardware.js";

describe("the processor", () => {
  it("is told with the instructions that matter", () => {
    const { level, message } = examineProcessor(
      "processor\t: 0\nflags\t\t: fpu sse4_1 avx avx2 fma avx512f avx512_vnni\nbugs\t\t: spectre_v1\n",
      "x64",
    );
    assert.equal(level, "ok");
    assert.match(message, /, \d+ cores?, SSE4_1, AVX, AVX2, FMA, AVX-512, AVX-512 VNNI$/);
  });

  it("without AVX is noted: TensorFlow's builds end there", () => {
    const { level, message, fix } = examineProcessor("flags\t\t: fpu sse sse2 sse4_1\n", "x64");
    assert.equal(level, "note");
    assert.match(message, /SSE4_1; TensorFlow's builds need AVX/);
    assert.ok(fix);
  });

  it("of another kind, or that the system tells nothing of, is no cause for concern", () => {
    const arm = examineProcessor("Features\t: fp asimd evtstrm aes asimddp\n", "arm64");
    assert.match(arm.message, /NEON, ARM dot product$/);
    assert.deepEqual([arm.level, examineProcessor("", "x64").level], ["ok", "ok"]);
  });
});
