import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const PROBE = fileURLToPath(new URL("./outside-probe.js", import.meta.url));
const NETWORK = "ip link set lo up && ip addr add 93.184.216.34/32 dev lo";
const can = spawnSync("unshare", ["-rn", "sh", "-c", NETWORK]).status === 0;

test("a public server that redirects to an address inside gains nothing", {
  skip: can ? false : "no network of one's own can be made here (unshare -rn)",
}, () => {
  const { stdout, stderr } = spawnSync(
    "unshare",
    ["-rn", "sh", "-c", `${NETWORK} && exec ${process.execPath} ${PROBE}`],
    {
      encoding: "utf8",
      timeout: 30_000,
    },
  );
  assert.notEqual(stdout, "", stderr);
  assert.deepEqual(JSON.parse(stdout), {
    found: {
      loopback: "private-address: 127.0.0.1 is no public address (loopback)",
      name: "private-address: localhost is 127.0.0.1, no public address (loopback)",
      metadata: "private-address: 169.254.169.254 is no public address (link-local)",
      outside: "here",
    },
    seen: ["/loopback", "/name", "/metadata", "/outside", "/end"],
  });
});
