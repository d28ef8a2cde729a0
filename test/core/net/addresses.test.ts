import assert from "node:assert/strict";
import { test } from "node:test";
import { isPublic } from "../../../src/core/net/addresses.js";

// The special-purpose registries of IANA (iana-ipv4-special-registry, iana-ipv6-special-registry), one address of each range.
const PRIVATE = `0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255
  192.0.0.1 192.0.2.1 192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255
  :: ::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1 100::1 2001::1 2001:2::1 2001:db8::1
  2002:7f00:1:: 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1`;
const PUBLIC =
  "1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.0 198.17.255.255 2606:4700::1111 2a00:1450::1";

test("addresses that are not on the public internet are told from those that are", () => {
  for (const address of PRIVATE.split(/\s+/)) assert.equal(isPublic(address), false, address);
  for (const address of PUBLIC.split(" ")) assert.equal(isPublic(address), true, address);
  for (const address of ["", "localhost", "256.1.1.1"]) assert.equal(isPublic(address), false, address);
});
