import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { EventFile } from "../../src/student/event-file.js";
import { temporaryFolder } from "../rigs/folder.js";

/** RecordWriter of tensorboard 2.21 over the same two events, serialised by protobuf. */
const EXPECTED =
  "1800000000000000a37f4b2209000010a6f1d0d9411a0d627261696e2e4576656e743a323e5b11203600000000000000" +
  "4f578cef09000060a6f1d0d94110f0a2042a270a0b0a046c6f737315cdcccc3d0a180a11696d616765735f7065725f73" +
  "65636f6e641500805f4325da7f36";

it("an event file has the bytes that TensorBoard's own writer makes", () => {
  const folder = join(temporaryFolder(), "logs");
  const file = new EventFile(folder, 1732495000.25);
  file.scalars({ wallTime: 1732495001.5, step: 70_000 }, { loss: 0.1, images_per_second: 223.5 });
  const [name, ...others] = readdirSync(folder);
  assert.deepEqual(others, []);
  assert.match(name!, /^events\.out\.tfevents\.1732495000\./);
  assert.equal(readFileSync(join(folder, name!)).toString("hex"), EXPECTED);
});
