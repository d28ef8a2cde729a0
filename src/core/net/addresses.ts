import { lookup as resolve } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";

/** What a connection to an address that nobody outside may name ends with. */
export class PrivateAddress extends Error {
  readonly code = "PRIVATE_ADDRESS";

  constructor(host: string, address: string) {
    super(
      host === address ? `${address} is ${kindOf(address)}` : `${host} is ${address}, ${kindOf(address)}`,
    );
  }
}

/**
 * Whether an address is on the public internet. All else is refused: private, loopback, link-local, unique-local, shared
 * (CGNAT), multicast and reserved ranges of the IANA registries, and IPv6 forms that carry an IPv4 address (mapped, NAT64, 6to4,
 * Teredo), behind which any of those may stand.
 */
export function isPublic(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.parse(address).range() === "unicast";
}

function kindOf(address: string): string {
  const range = ipaddr.isValid(address) ? ipaddr.parse(address).range() : "unknown";
  return `no public address (${range.replace(/([A-Z])/g, (letter) => `-${letter.toLowerCase()}`)})`;
}

/** The address that a URL's host is, where it is no name: `[::1]` → `::1`. */
function literalAddress(host: string): string | undefined {
  const bare = host.startsWith("[") ? host.slice(1, -1) : host;
  return isIP(bare) === 0 ? undefined : bare;
}

/** Refuses a host that is a private address itself: for such hosts nothing is looked up. @throws PrivateAddress */
export function checkLiteral(host: string): void {
  const address = literalAddress(host);
  if (address !== undefined && !isPublic(address)) throw new PrivateAddress(address, address);
}

/**
 * A look-up for sockets that gives public addresses alone: what was checked is what is connected to, so that a name that
 * resolves to another address the second time gains nothing.
 */
export const publicLookup: LookupFunction = (host, options, done) => {
  resolve(host, { ...options, all: true }, (error, found) => {
    if (error) return done(error, []);
    const addresses = found.filter(({ address }) => isPublic(address));
    const [first] = addresses;
    if (!first) return done(new PrivateAddress(host, found[0]?.address ?? "nothing"), []);
    return options.all ? done(null, addresses) : done(null, first.address, first.family);
  });
};
